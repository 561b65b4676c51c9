-- A step of an attempt is done once: the database itself refuses a second time.
CREATE UNIQUE INDEX IF NOT EXISTS skein_ledger_done ON :"schema".skein_ledger (attempt, step) WHERE status = 'DONE'
