"""The command line. Without a command it opens the program, as a double click does."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path
from typing import NoReturn

from kollect import __version__
from kollect.desktop import console, detach, files

USAGE = 2
"""Exit code: the command line or the settings are wrong."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong with the command line in one Japanese line."""

    def error(self, message: str) -> NoReturn:
        command = " ".join(sys.argv[1:])
        print(
            f"使い方が正しくありません: {command}（使い方は kollect --help で表示します）",
            file=sys.stderr,
        )
        raise SystemExit(USAGE)


def parser() -> argparse.ArgumentParser:
    """The commands of kollect and their options."""
    data = argparse.ArgumentParser(add_help=False)
    data.add_argument(
        "--data", type=Path, metavar="フォルダ", default=argparse.SUPPRESS, help="データの置き場所"
    )
    main = _Parser(
        prog="kollect", parents=[data], description="コレクト: 空メールで会員のアドレスを集めます。"
    )
    main.add_argument("--version", action="version", version=f"コレクト {__version__}")
    main.add_argument(
        "--tray",
        action="store_true",
        help="画面を出さずに、メールの収集を始めます（ログイン時の起動のため）",
    )
    commands: argparse._SubParsersAction[argparse.ArgumentParser] = main.add_subparsers(
        dest="command", metavar="コマンド", parser_class=_Parser
    )

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text, parents=[data])

    collect = command("collect", "メールを受信して、受付番号を返信します。")
    collect.add_argument("--once", action="store_true", help="1回だけ受信して終わります")
    collect.add_argument("--json", action="store_true", help="結果を JSON で出力します")
    check = command("check", "メールの設定を試します（送信と受信のテスト）。")
    check.add_argument("--json", action="store_true", help="結果を JSON で出力します")
    diagnose = command("diagnose", "返信が届くかどうかを、設定とドメインから診断します。")
    diagnose.add_argument("--json", action="store_true", help="結果を JSON で出力します")
    results = command("results", "収集結果を表示します。")
    form = results.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON で出力します")
    form.add_argument("--csv", type=Path, metavar="ファイル", help="CSV ファイルに書き出します")
    log = command("log", "ログを表示します。")
    log.add_argument("--month", metavar="YYYY-MM", help="月（省略すると今月）")
    report = command("report", "1か月の数（月報）を表示します。")
    report.add_argument("--month", metavar="YYYY-MM", help="月（省略すると先月）")
    report.add_argument(
        "--pdf", type=Path, metavar="ファイル", help="A4のPDFファイルに書き出します"
    )
    report.add_argument("--json", action="store_true", help="JSON で出力します")
    demo = command("demo", "内蔵のメールサーバで試します。")
    demo.add_argument("--headless", action="store_true", help="画面を使わずに最後まで演じます")
    restore = command("restore", "壊れたデータを控えに戻すか、新しく始めます。")
    restore.add_argument("--yes", action="store_true", help="確かめずに戻します")
    _protect(command("protect", "データを保護（暗号化）します。復元シートを作ります。"))
    _members(command("members", "会員を CSV ファイルから取り込み、CSV ファイルに書き出します。"))
    _send(command("send", "会員にメールを送ります。"))
    return main


def _protect(protect: argparse.ArgumentParser) -> None:
    protect.add_argument(
        "action",
        choices=("on", "off", "renew", "status"),
        help="on 保護する、off 保護をやめる、renew 復元シートを作り直す、status 今の状態",
    )
    protect.add_argument("--sheet", type=Path, metavar="ファイル.pdf", help="復元シートの保存先")
    protect.add_argument("--json", action="store_true", help="結果を JSON で出力します")


def _members(members: argparse.ArgumentParser) -> None:
    members.add_argument(
        "action",
        choices=("import", "export", "consents", "change-address", "merge", "unmerge"),
        help="import 取り込む、export 書き出す、consents 承諾の記録を書き出す、"
        "change-address アドレスの変更、merge 統合、unmerge 統合の取り消し",
    )
    members.add_argument(
        "given",
        nargs="*",
        metavar="ファイル",
        help="CSV ファイル。merge では、なくなる番号と残す番号。unmerge では、残した番号",
    )
    members.add_argument(
        "--take",
        action="append",
        default=[],
        metavar="項目",
        help="merge で、なくなる番号の内容にする項目（お名前、メールアドレスなど）。残す番号で"
        "空の項目は、いつもそうします",
    )
    members.add_argument(
        "--number", type=int, metavar="番号", help="アドレスを変える会員の受付番号"
    )
    members.add_argument("--new-number", type=int, metavar="番号", help="新しいアドレスの受付番号")
    members.add_argument(
        "--dry-run", action="store_true", help="取り込めるかどうかを確かめるだけにします"
    )
    members.add_argument(
        "--wrong-to",
        type=Path,
        metavar="ファイル",
        help="まちがいのある行は、理由と一緒にこのCSVファイルへ書き、正しい行だけ取り込みます",
    )
    members.add_argument(
        "--encoding", choices=("utf-8", "cp932"), default="utf-8", help="書き出す文字コード"
    )
    members.add_argument("--json", action="store_true", help="結果を JSON で出力します")


def _send(send: argparse.ArgumentParser) -> None:
    send.add_argument("--subject", metavar="見出", help="見出（★名前★ などが使えます）")
    send.add_argument("--body-file", type=Path, metavar="ファイル", help="本文のファイル")
    send.add_argument(
        "--group", default="", metavar="グループ", help="このグループの会員だけに送ります"
    )
    send.add_argument(
        "--birth-month", type=_month, default=0, metavar="月", help="この月に生まれた会員だけに"
    )
    send.add_argument("--age", type=_ages, metavar="20-39", help="この年齢の会員だけに")
    send.add_argument("--sex", choices=("男性", "女性", "その他"), help="この性別の会員だけに")
    send.add_argument(
        "--not-written-days", type=_limit, default=0, metavar="日",
        help="この日数、メールを送っていない会員だけに",
    )  # fmt: skip
    send.add_argument(
        "--per-minute", type=_limit, default=60, metavar="通", help="1分に送る数（0 は制限なし）"
    )
    send.add_argument(
        "--per-hour", type=_limit, default=1000, metavar="通", help="1時間に送る数（0 は制限なし）"
    )
    instead = send.add_mutually_exclusive_group()
    instead.add_argument("--to-self", action="store_true", help="お店の宛先だけに送って確かめます")
    instead.add_argument("--dry-run", action="store_true", help="送る相手を数えるだけにします")
    instead.add_argument("--resume", action="store_true", help="送りかけのメールの続きを送ります")
    instead.add_argument(
        "--due",
        action="store_true",
        help="時刻になった予約、誕生日メール、ステップメールを送ります（送りかけの続きも）",
    )
    send.add_argument("--json", action="store_true", help="結果を JSON で出力します")


def _month(text: str) -> int:
    month = int(text)
    if month not in range(1, 13):
        raise ValueError(text)
    return month


def _ages(text: str) -> tuple[int, int]:
    youngest, dash, oldest = text.partition("-")
    ages = int(youngest), int(oldest if dash else youngest)
    if not 0 <= ages[0] <= ages[1] <= 130:
        raise ValueError(text)
    return ages


def _limit(text: str) -> int:
    number = int(text)
    if number < 0:
        raise ValueError(text)
    return number


def main(arguments: list[str] | None = None) -> int:
    """Run one command; returns its exit code. No traceback ever reaches the user."""
    console.connect()
    detach.detach_from_exe()
    files.keep_private()
    logging.getLogger().addHandler(logging.NullHandler())  # else Python prints tracebacks itself
    options = parser().parse_args(arguments)
    from kollect import commands

    try:
        return commands.run(options)
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        return 0
    except Exception:
        logging.getLogger(__name__).exception("予期しない誤りが起きました")
        print(
            "プログラムの誤りが起きました。ログ（log フォルダ）を添えてお問い合わせください。",
            file=sys.stderr,
        )
        return 1


if __name__ == "__main__":
    sys.exit(main())
