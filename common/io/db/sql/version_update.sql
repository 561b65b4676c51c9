UPDATE :"schema".:"version_table" SET version_num = $2 WHERE version_num = $1
