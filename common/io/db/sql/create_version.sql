-- As Alembic writes it.
CREATE TABLE IF NOT EXISTS :"schema".:"version_table" (
    version_num VARCHAR(32) NOT NULL,
    CONSTRAINT :"constraint" PRIMARY KEY (version_num)
)
