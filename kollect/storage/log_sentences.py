"""The sentences of the log that the program itself reads again: for the list of events, and where
records are lost (`numbers_in_log`). Pure.

The logs of older versions hold them, so they cannot change.
"""

from __future__ import annotations

COLLECTING_BEGAN = "メールの収集を始めました。"
WELL_AGAIN = "元どおり受信できるようになりました。"
LETTER = "受付番号 {number}"
"""A reply, in the sentences below."""
NUMBER_GIVEN = "受付番号 {number} を発行しました: {who}"
BLANK_AGAIN = "受付済み（受付番号 {number}）の空メールです: {who}"
REPLY_SENT = "{letter} を返信しました: {who}"
REPLY_LATER = "{letter} の返信は次回に送ります（{answer}）: {who}"
REPLY_UNDELIVERABLE = "{letter} の返信は届けられません（{answer}）: {who}"
REPLY_REFUSED = "{letter} の返信は断られました（{answer}）: {who}"
REPLY_GIVEN_UP = "{letter} の返信を5日間送れませんでした（{answer}）: {who}"
REPLY_BOUNCED = "{letter} の返信は届きませんでした（不達）: {reason}"
FORWARDED = "対象外メールを転送しました（差出人 {who}、見出 {subject}）"
