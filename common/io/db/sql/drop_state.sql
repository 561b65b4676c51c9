DROP TABLE IF EXISTS :"schema".skein_state
