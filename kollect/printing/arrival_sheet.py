"""「返信が届かないとき」: a sheet to show at the counter, how each phone is told to take our mail.

The customer sets it on his own phone; the steps themselves are in `delivery.carrier_steps`. Only
what is drawn where is here; millimetres on A4.
"""

from __future__ import annotations

from kollect.delivery.carrier_steps import to_allow
from kollect.delivery.carriers import Carrier
from kollect.mail import address
from kollect.mailing import mailto
from kollect.printing.page import WIDTH, Page
from kollect.settings.model import Shop

INK = "#1c2733"
SOFT = "#51606e"
MAIN = "#0b4f6c"
LIGHT = "#e9f2f6"

MARGIN = 14.0
INNER = WIDTH - 2 * MARGIN
_CODE = 40.0

_THE_DOMAIN = "上のドメイン"
STEPS = (
    *(
        (str(carrier), to_allow(carrier, _THE_DOMAIN))
        for carrier in (Carrier.DOCOMO, Carrier.AU, Carrier.SOFTBANK, Carrier.RAKUTEN)
    ),
    (
        "iPhone（iCloudのメール）",
        f"{to_allow(Carrier.ICLOUD, _THE_DOMAIN)}docomoなどのアドレスは、iPhoneでも"
        "上のそれぞれの設定です。",
    ),
    (
        "Gmail・Yahoo!メール",
        "「迷惑メール」のフォルダーを見ます。あったら「迷惑メールではない」にします。",
    ),
)

_NOTE = (
    "設定の画面の名前は、各社の変更でちがうことがあります。"
    "わからないときは、店員にお声がけください。"
)


def draw(page: Page, shop: Shop, mail_address: str) -> None:
    """Draw the sheet. The address must be one."""
    page.box(MARGIN, 14, INNER, 24, fill=MAIN, radius=4)
    page.text(WIDTH / 2, 26, "返信が届かないとき", 34, bold=True, color="white", align="m")
    page.text(MARGIN, 46, "携帯の設定で止められているかもしれません。", 15, bold=True, color=INK)
    page.text(MARGIN, 54, "① 次のドメインを、受信できるようにしてください。", 13, color=INK)
    domain = address.wire(mail_address)[0].rpartition("@")[2]
    page.box(MARGIN, 59, INNER, 18, fill=LIGHT, edge=MAIN, line=0.6, radius=3)
    lines, size = page.fitted(domain, INNER - 10, 30, 11, bold=True, breaks=".")
    page.stack(WIDTH / 2, 68, lines[:2], min(size, 16) if lines[1:] else size,
               bold=True, color=INK, align="m")  # fmt: skip
    bottom = _steps(page, 84.0)
    _again(page, mail_address, max(bottom, 222.0))
    page.rule(MARGIN, 273, WIDTH - MARGIN, 273, LIGHT, 0.6)
    parts = (shop.name, shop.address, shop.phone and f"電話 {shop.phone}")
    contact, size = page.fitted("\u3000".join(filter(None, parts)), INNER, 10, 8, breaks="\u3000")
    page.stack(MARGIN, 281, contact[:2], size, color=INK)


def _steps(page: Page, top: float) -> float:
    """Each phone's own way; returns where they end."""
    for name, text in STEPS:
        lines = page.wrapped(text, INNER - 8, 12)
        height = 11.5 + 6 * len(lines)
        page.box(MARGIN, top, 1.6, height - 3.5, fill=MAIN)
        page.text(MARGIN + 5, top + 2.8, name, 13.5, bold=True, color=MAIN)
        page.stack(MARGIN + 5, top + 6.8 + 3 * len(lines), lines, 12, color=INK)
        top += height
    return top


def _again(page: Page, mail_address: str, top: float) -> None:
    page.qr(WIDTH - MARGIN - _CODE, top, _CODE, mailto.link(mail_address))
    page.text(MARGIN, top + 6, "② もう一度、空メールをお送りください。", 13, color=INK)
    lines, size = page.fitted(mail_address, INNER - _CODE - 6, 18, 9, bold=True, breaks="@.")
    page.stack(MARGIN, top + 17, lines[:2], size, bold=True, color=INK)
    page.stack(MARGIN, top + 31, page.wrapped(_NOTE, INNER - _CODE - 6, 10), 10, color=SOFT)
