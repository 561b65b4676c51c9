-- A step of an attempt is done once: the database itself refuses a second time.
CREATE UNIQUE INDEX IF NOT EXISTS :"schema".skein_ledger_done ON skein_ledger (attempt, step) WHERE status = 'DONE'
