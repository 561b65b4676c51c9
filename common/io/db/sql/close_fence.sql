-- After this no attempt with fence $1 or a lower one can commit.
UPDATE :"schema".skein_state
SET fence = CASE WHEN CAST($1 AS BIGINT) > fence THEN CAST($1 AS BIGINT) ELSE fence END,
    closed_fence = CASE WHEN CAST($1 AS BIGINT) > closed_fence THEN CAST($1 AS BIGINT) ELSE closed_fence END
WHERE id = 1
