SELECT version_num FROM :"schema".:"version_table"
