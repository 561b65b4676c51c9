DELETE FROM :"schema".:"version_table" WHERE version_num = $1
