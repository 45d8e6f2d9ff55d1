"""店頭ポスター: what a customer sees of all this, from three metres and from thirty centimetres.

Read from the top: who asks, for what, the code to scan, the three steps, and below the small print
for those whose phone lets nobody in. Only what is drawn where is here; millimetres on A4.
"""

from __future__ import annotations

from kollect.mail import address
from kollect.mailing import mailto
from kollect.printing.page import WIDTH, Page
from kollect.settings.model import Shop

INK = "#1c2733"
SOFT = "#51606e"
MAIN = "#0b4f6c"
LIGHT = "#e9f2f6"
ACCENT = "#e4572e"

MARGIN = 14.0
INNER = WIDTH - 2 * MARGIN
MIDDLE = WIDTH / 2

_STEPS = (
    ("QRコードを読み取る", "カメラを向けて、", "出てきた宛先を選びます。"),
    ("何も書かずに送信", "件名も本文も空で結構です。", "送れないときは本文に一文字。"),
    ("番号を用紙に記入", "届いた返信の「受付番号」を", "用紙に書いて店員へどうぞ。"),
)

_HINT = (
    "迷惑メール対策の設定で止められています。右のドメインを"
    "「受信リスト」や「ドメイン指定受信」に登録してから、もう一度お送りください。"
)
_PRIVACY = "お送りいただいたメールアドレスは、会員登録と当店からのご案内のほかには使いません。"


def draw(page: Page, shop: Shop, mail_address: str, name: str = "") -> None:
    """Draw the poster. The address must be one; whatever the shop has not filled in is left out.
    `name`: of a poster with an address of its own, small, for the staff who put it up.
    """
    _heading(page, shop.name)
    _code(page, mail_address)
    _steps(page)
    _written_address(page, mail_address)
    _hint(page, mail_address)
    _footer(page, shop)
    _name(page, name)


def _heading(page: Page, name: str) -> None:
    lines, size = page.fitted(name, INNER, 32, 16, bold=True)
    page.stack(MIDDLE, 21, lines[:2], min(size, 24) if lines[1:] else size,
               bold=True, color=INK, align="m")  # fmt: skip
    top, bottom = (34.0 if name else MARGIN), 84.0
    page.box(MARGIN, top, INNER, bottom - top, fill=MAIN, radius=5)
    middle = (top + bottom) / 2
    page.text(MIDDLE, middle - 12, "空メールを送るだけ", 22, bold=True, color="white", align="m")
    page.text(MIDDLE, middle + 8, "かんたん会員登録", 56, bold=True, color="white", align="m")


def _code(page: Page, mail_address: str) -> None:
    page.box(MARGIN, 92, 92, 104, fill="white", edge=MAIN, line=1.0, radius=5)
    page.qr(MARGIN + 2, 94, 88, mailto.link(mail_address))
    page.text(MARGIN + 46, 188, "カメラで読み取ってください", 13, bold=True, color=MAIN, align="m")


def _steps(page: Page) -> None:
    left, height = MARGIN + 100, 35.0
    for place, (title, *lines) in enumerate(_STEPS):
        top = 93 + place * height
        if place:
            page.rule(left + 7.5, top - height + 19, left + 7.5, top - 4, LIGHT, 1.2)
        page.disc(left, top, 15, ACCENT)
        page.text(left + 7.5, top + 7.5, str(place + 1), 26, bold=True, color="white", align="m")
        page.text(left + 19, top + 7.5, title, 18, bold=True, color=INK)
        for row, line in enumerate(lines):
            page.text(left + 19, top + 17.5 + row * 6, line, 12, color=SOFT)


def _written_address(page: Page, mail_address: str) -> None:
    page.box(MARGIN, 204, INNER, 25, fill=LIGHT, radius=4)
    page.text(MIDDLE, 210, "宛先を手で入力される方は", 11, color=SOFT, align="m")
    lines, size = page.fitted(mail_address, INNER - 12, 26, 10, bold=True, breaks="@.")
    page.stack(MIDDLE, 220, lines[:2], min(size, 15) if lines[1:] else size,
               bold=True, color=INK, align="m")  # fmt: skip


def _hint(page: Page, mail_address: str) -> None:
    left, top, width = MARGIN + 104, 236.0, 78.0
    page.text(MARGIN, top + 3, "返信が届かないときは", 14, bold=True, color=MAIN)
    page.stack(MARGIN, top + 17, page.wrapped(_HINT, left - MARGIN - 6, 11), 11, color=INK)
    page.box(left, top, width, 25, fill="white", edge=MAIN, line=0.6, radius=3)
    page.text(left + width / 2, top + 6, "受信を許可するドメイン", 11, color=SOFT, align="m")
    domain = address.wire(mail_address)[0].rpartition("@")[2]
    lines, size = page.fitted(domain, width - 6, 20, 9, bold=True, breaks=".")
    page.stack(left + width / 2, top + 16, lines[:2], min(size, 13) if lines[1:] else size,
               bold=True, color=INK, align="m")  # fmt: skip


def _name(page: Page, name: str) -> None:
    lines, size = page.fitted(name, 44, 9, 5)
    page.text(WIDTH - MARGIN, 273, lines[0], size, color=SOFT, align="r")


def _footer(page: Page, shop: Shop) -> None:
    page.rule(MARGIN, 267, WIDTH - MARGIN, 267, LIGHT, 0.6)
    page.text(MARGIN, 273, _PRIVACY, 9, color=SOFT)
    parts = (shop.name, shop.address, shop.phone and f"電話 {shop.phone}")
    lines, size = page.fitted("\u3000".join(filter(None, parts)), INNER, 10, 8, breaks="\u3000")
    page.stack(MARGIN, 281, lines[:2], size, color=INK)
