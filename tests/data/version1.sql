BEGIN TRANSACTION;
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
    answer      TEXT NOT NULL DEFAULT '',
    UNIQUE (mailbox, uid)
);
INSERT INTO "mail" VALUES(1,'shop@shop.example','a','print of a','new','空メールです。','a@docomo.ne.jp','a@docomo.ne.jp','','<a@mail.example>','',1001,1,'<6fd2ce71616946f2a758045b38506b1f@shop.example>','',0,'sent','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'250 ok');
INSERT INTO "mail" VALUES(2,'shop@shop.example','b','print of b','new','空メールです。','b@docomo.ne.jp','b@docomo.ne.jp','','<b@mail.example>','',1002,1,'<b9d1cc6d3b1b4d89bac34e6601aedb72@shop.example>','',0,'owed','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'');
INSERT INTO "mail" VALUES(3,'shop@shop.example','c','print of c','new','空メールです。','c@docomo.ne.jp','c@docomo.ne.jp','','<c@mail.example>','',1003,1,'<aa1b6ed621d64f1d9e0aa01b1dff0f35@shop.example>','',0,'owed','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'');
INSERT INTO "mail" VALUES(4,'manual','fb9bfa9dd90947d3abedbef5635ecb3b','','duplicate','受付番号をもう一度お知らせします。','a@docomo.ne.jp','a@docomo.ne.jp','','','',1001,1,'<ce397db4036e4b288d05879160569ce2@shop.example>','',0,'owed','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z',0,'');
CREATE TABLE meta (
    key   TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
INSERT INTO "meta" VALUES('install_id','6d03221ebf0f7483');
INSERT INTO "meta" VALUES('paused','yes');
INSERT INTO "meta" VALUES('secret','ae7ae66badcacfa2279e60df7746287e02613ce8615fa78839136c50d1f08aa0');
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
);
INSERT INTO "receipt" VALUES(1001,'a@docomo.ne.jp','a@docomo.ne.jp','2026-11-23T01:00:00Z','2026-11-23T01:00:00Z','replied','',1,1,0);
INSERT INTO "receipt" VALUES(1002,'b@docomo.ne.jp','b@docomo.ne.jp','2026-11-23T01:00:00Z',NULL,'pending','',1,1,0);
INSERT INTO "receipt" VALUES(1003,'c@docomo.ne.jp','c@docomo.ne.jp','2026-11-23T01:00:00Z',NULL,'pending','',1,1,0);
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
DELETE FROM "sqlite_sequence";
INSERT INTO "sqlite_sequence" VALUES('mail',4);
COMMIT;
PRAGMA user_version = 1;
