INSERT INTO :"schema".:"version_table" (version_num) VALUES ($1)
