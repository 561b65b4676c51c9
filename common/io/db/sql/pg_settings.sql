-- The session's own limits: a server that lost its client notices, and no setting of the role surprises us.
SELECT pg_catalog.set_config('client_connection_check_interval', '2s', false),
       pg_catalog.set_config('tcp_user_timeout', '15s', false),
       pg_catalog.set_config('idle_in_transaction_session_timeout', '60s', false),
       pg_catalog.set_config('statement_timeout', '0', false),
       pg_catalog.set_config('lock_timeout', '0', false),
       pg_catalog.set_config('client_min_messages', 'warning', false),
       pg_catalog.set_config('standard_conforming_strings', 'on', false)
