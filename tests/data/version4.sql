BEGIN TRANSACTION;
CREATE TABLE consent (
    id          INTEGER PRIMARY KEY,
    number      INTEGER NOT NULL REFERENCES member (number),
    address     TEXT NOT NULL,
    given       INTEGER NOT NULL,
    given_on    TEXT NOT NULL,
    how         TEXT NOT NULL,
    recorded_at TEXT NOT NULL,
    template    INTEGER NOT NULL REFERENCES template (id)
);
INSERT INTO "consent" VALUES(1,1001,'a@docomo.ne.jp',1,'2026-11-22','会員登録用紙','2026-11-23T01:00:00Z',1);
INSERT INTO "consent" VALUES(2,1002,'b@docomo.ne.jp',0,'2026-11-23','メール','2026-11-23T01:00:00Z',1);
INSERT INTO "consent" VALUES(3,1001,'c@docomo.ne.jp',1,'2026-11-22','会員登録用紙（アドレスの変更）','2026-11-28T01:00:00Z',1);
CREATE TABLE former_address (
    id          INTEGER PRIMARY KEY,
    number      INTEGER NOT NULL REFERENCES member (number),
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL,
    replied_at  TEXT,
    left_at     TEXT NOT NULL,
    new_number  INTEGER NOT NULL REFERENCES receipt (number)
);
INSERT INTO "former_address" VALUES(1,1001,'a@docomo.ne.jp','a@docomo.ne.jp','replied','','2026-11-23T01:00:00Z','2026-11-28T01:00:00Z',1003);
CREATE TABLE mail (
    id          INTEGER PRIMARY KEY AUTOINCREMENT,
    mailbox     TEXT NOT NULL,
    uid         TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    kind        TEXT NOT NULL,
    reason      TEXT NOT NULL,
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    subject     TEXT NOT NULL,
    message_id  TEXT NOT NULL,
    thread      TEXT NOT NULL,
    number      INTEGER REFERENCES receipt (number),
    template    INTEGER REFERENCES template (id),
    letter_id   TEXT NOT NULL,
    kept        TEXT NOT NULL DEFAULT '',
    whole       INTEGER NOT NULL DEFAULT 0,
    step        TEXT NOT NULL,
    step_at     TEXT NOT NULL,
    seen_at     TEXT NOT NULL,
    unknowns    INTEGER NOT NULL DEFAULT 0,
    answer      TEXT NOT NULL DEFAULT '', tried INTEGER, later_since INTEGER, refused_since INTEGER, refusals INTEGER NOT NULL DEFAULT 0,
    UNIQUE (mailbox, uid)
);
INSERT INTO "mail" VALUES(1,'shop@shop.example','a','print of a','new','空メールです。','a@docomo.ne.jp','a@docomo.ne.jp','','<a@mail.example>','',1001,1,'<8c8b9d3d197b40479091df42aab219b2@shop.example>','',0,'sent','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'250 ok',NULL,NULL,NULL,0);
INSERT INTO "mail" VALUES(2,'shop@shop.example','b','print of b','new','空メールです。','b@docomo.ne.jp','b@docomo.ne.jp','','<b@mail.example>','',1002,1,'<b14594c4049b4778928cfb33e0ebda01@shop.example>','',0,'owed','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'',NULL,NULL,NULL,0);
INSERT INTO "mail" VALUES(3,'shop@shop.example','c','print of c','new','空メールです。','c@docomo.ne.jp','c@docomo.ne.jp','','<c@mail.example>','',1003,1,'<709f39148aa6494cb2063fc8136536e5@shop.example>','',0,'owed','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'',NULL,NULL,NULL,0);
INSERT INTO "mail" VALUES(4,'manual','d96d3bb1b67c4916b81eaba5f6afa52d','','duplicate','受付番号をもう一度お知らせします。','c@docomo.ne.jp','c@docomo.ne.jp','','','',1001,1,'<f2d85380011640da92d84235c8dedf4d@shop.example>','',0,'owed','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'',NULL,NULL,NULL,0);
CREATE TABLE mailing (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    subject    TEXT NOT NULL,
    body       TEXT NOT NULL,
    footer     TEXT NOT NULL DEFAULT '',
    chosen     TEXT NOT NULL DEFAULT '',
    per_minute INTEGER NOT NULL,
    per_hour   INTEGER NOT NULL,
    state      TEXT NOT NULL,
    made_at    TEXT NOT NULL,
    started_at TEXT,
    ended_at   TEXT
);
INSERT INTO "mailing" VALUES(1,'秋のお知らせ','★名前★ 様
','――――――――――――――――――――
こむぎ
東京都千代田区千代田1-1
お問い合わせ shop@shop.example

このメールの配信を止めるには、件名を「配信停止」にしたメールを
shop@shop.example へお送りください。
mailto:shop@shop.example?subject=%E9%85%8D%E4%BF%A1%E5%81%9C%E6%AD%A2
','すべての会員',0,0,'sending','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',NULL);
INSERT INTO "mailing" VALUES(2,'下書き','★名前★様','','',60,1000,'draft','2026-11-28T01:00:00Z',NULL,NULL);
CREATE TABLE member (
    number        INTEGER PRIMARY KEY REFERENCES receipt (number),
    name          TEXT NOT NULL,
    kana          TEXT NOT NULL,
    birthday      TEXT,
    sex           TEXT NOT NULL,
    phone         TEXT NOT NULL,
    postcode      TEXT NOT NULL,
    home          TEXT NOT NULL,
    note          TEXT NOT NULL,
    consent       INTEGER NOT NULL,
    consent_on    TEXT,
    consent_how   TEXT NOT NULL,
    state         TEXT NOT NULL DEFAULT 'active',
    registered_at TEXT NOT NULL,
    withdrawn_at  TEXT,
    stopped_at    TEXT,
    undeliverable TEXT NOT NULL DEFAULT '',
    search        TEXT NOT NULL
);
INSERT INTO "member" VALUES(1001,'山田　太郎','',NULL,'','','','','',1,'2026-11-22','会員登録用紙','active','2026-11-23T01:00:00Z',NULL,NULL,'','1001
山田太郎


c@docomo.ne.jp


常連');
INSERT INTO "member" VALUES(1002,'佐藤　花子','',NULL,'','','','','',0,NULL,'','active','2026-11-23T01:00:00Z',NULL,'2026-11-23T01:00:00Z','','1002
佐藤花子


b@docomo.ne.jp

');
CREATE TABLE member_change (
    id      INTEGER PRIMARY KEY,
    number  INTEGER NOT NULL REFERENCES member (number),
    at      TEXT NOT NULL,
    source  TEXT NOT NULL,
    field   TEXT NOT NULL,
    former  TEXT NOT NULL,
    present TEXT NOT NULL
);
INSERT INTO "member_change" VALUES(1,1001,'2026-11-23T01:00:00Z','会員登録','会員登録','','');
INSERT INTO "member_change" VALUES(2,1002,'2026-11-23T01:00:00Z','会員登録','会員登録','','');
INSERT INTO "member_change" VALUES(3,1002,'2026-11-23T01:00:00Z','メール','配信停止','','');
INSERT INTO "member_change" VALUES(4,1001,'2026-11-28T01:00:00Z','会員一覧','アドレスの変更','a@docomo.ne.jp','c@docomo.ne.jp');
CREATE TABLE member_group (
    label  TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES member (number),
    place  INTEGER NOT NULL,
    PRIMARY KEY (label, number)
) WITHOUT ROWID;
INSERT INTO "member_group" VALUES('常連',1001,0);
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('install_id','354938ce112953da');
INSERT INTO "meta" VALUES('paused','yes');
INSERT INTO "meta" VALUES('secret','1f3313f881edb3222d67862b5812819e51ab7eee5209ab9b8980b20093358835');
CREATE TABLE parcel (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    mailing   INTEGER NOT NULL REFERENCES mailing (id),
    number    INTEGER NOT NULL REFERENCES member (number),
    address   TEXT NOT NULL,
    letter_id TEXT NOT NULL,
    step      TEXT NOT NULL,
    step_at   TEXT NOT NULL,
    first_at  TEXT,
    tried_at  TEXT,
    unknowns  INTEGER NOT NULL DEFAULT 0,
    answer    TEXT NOT NULL DEFAULT '', later_since INTEGER, refused_since INTEGER, refusals INTEGER NOT NULL DEFAULT 0,
    UNIQUE (mailing, number)
);
INSERT INTO "parcel" VALUES(1,1,1001,'a@docomo.ne.jp','<5c45148a05a1dd3b56aae1a20fc6d7fb@shop.example>','waiting','2026-11-23T01:00:00Z',NULL,NULL,0,'',NULL,NULL,0);
INSERT INTO "parcel" VALUES(2,1,1002,'b@docomo.ne.jp','<e716a4af7a57db7fbebbac99f6108fae@shop.example>','left_out','2026-11-23T01:00:00Z',NULL,NULL,0,'配信停止',NULL,NULL,0);
CREATE TABLE receipt (
    number      INTEGER PRIMARY KEY,
    address     TEXT NOT NULL,
    address_key TEXT NOT NULL,
    received_at TEXT NOT NULL,
    replied_at  TEXT,
    state       TEXT NOT NULL,
    reason      TEXT NOT NULL DEFAULT '',
    times       INTEGER NOT NULL DEFAULT 1,
    template    INTEGER NOT NULL REFERENCES template (id),
    renumbered  INTEGER NOT NULL DEFAULT 0
, stands_for INTEGER REFERENCES receipt (number));
INSERT INTO "receipt" VALUES(1001,'c@docomo.ne.jp','c@docomo.ne.jp','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z','replied','',1,1,0,NULL);
INSERT INTO "receipt" VALUES(1002,'b@docomo.ne.jp','b@docomo.ne.jp','2026-11-23T01:00:00Z',NULL,'pending','',1,1,0,NULL);
INSERT INTO "receipt" VALUES(1003,'c@docomo.ne.jp','c@docomo.ne.jp','2026-11-23T01:00:00Z',NULL,'pending','',1,1,1,1001);
CREATE TABLE strike (
    mailbox TEXT NOT NULL,
    uid     TEXT NOT NULL,
    count   INTEGER NOT NULL,
    at      TEXT NOT NULL,
    PRIMARY KEY (mailbox, uid)
) WITHOUT ROWID;
INSERT INTO "strike" VALUES('shop@shop.example','x',1,'2026-11-23T01:00:00Z');
CREATE TABLE template (
    id      INTEGER PRIMARY KEY,
    kind    TEXT NOT NULL,
    subject TEXT NOT NULL,
    body    TEXT NOT NULL,
    since   TEXT NOT NULL
);
INSERT INTO "template" VALUES(1,'acknowledgement','番号は★1★です','★1★
','2026-11-23T01:00:00Z');
CREATE UNIQUE INDEX receipt_one_number ON receipt (address_key) WHERE renumbered = 0;
CREATE INDEX receipt_by_address ON receipt (address_key, number);
CREATE INDEX receipt_by_time ON receipt (received_at);
CREATE INDEX mail_by_address ON mail (address_key, seen_at);
CREATE INDEX mail_by_letter ON mail (letter_id) WHERE letter_id <> '';
CREATE INDEX mail_there ON mail (mailbox) WHERE step <> 'gone';
CREATE INDEX mail_unfinished ON mail (id)
    WHERE step IN ('owed', 'sending', 'unknown', 'deferred');
CREATE INDEX mail_gone ON mail (step_at) WHERE step = 'gone';
CREATE INDEX member_in_order ON member (number, state, search);
CREATE INDEX member_in_kana_order ON member (kana, number, state, search);
CREATE INDEX member_groups ON member_group (number, place);
CREATE INDEX member_changes ON member_change (number, id);
CREATE INDEX consent_by_number ON consent (number, id);
CREATE INDEX parcel_unfinished ON parcel (mailing, id)
    WHERE step IN ('waiting', 'sending', 'unknown', 'deferred');
CREATE INDEX parcel_by_step ON parcel (mailing, step);
CREATE INDEX parcel_by_letter ON parcel (letter_id);
CREATE INDEX parcel_by_try ON parcel (tried_at) WHERE tried_at IS NOT NULL;
CREATE INDEX parcel_by_number ON parcel (number, id);
CREATE INDEX receipt_that_stands_for ON receipt (stands_for) WHERE stands_for IS NOT NULL;
CREATE INDEX former_address_by_key ON former_address (address_key);
CREATE INDEX former_address_by_number ON former_address (number, id);
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('mail',4);
INSERT INTO "sqlite_sequence" VALUES('mailing',2);
INSERT INTO "sqlite_sequence" VALUES('parcel',2);
COMMIT;
PRAGMA user_version = 4;
