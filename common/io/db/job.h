/*
 * One run of the migrator: what the files migrate*.c, book.c and work.c share. The order of what happens is
 * described at the top of migrate.c.
 */
#pragma once

#include "common/io/db/ledger.h"
#include "common/io/db/sql.h"
#include "skein/db/migrate.h"

/* What the target says, read in one transaction under its locks. */
struct book {
    bool has_tables; /* skein_state and skein_ledger are there */
    uint64_t fence, closed_fence;
    uint64_t seq;    /* of the newest ledger row */
    struct str head; /* its hash, hex */
    uint64_t pending;
    struct ledger_row pending_row; /* where pending is not 0 */
    struct str incarnation;        /* as stored; empty where unknown */
    struct dbstate state;          /* of the modules that matter */
    struct names missing;          /* version tables that are not there */
    size_t done;                   /* leading steps of the plan that this attempt has done */
    bool read;                     /* all of the above holds */
};

/* Texts that are bound to the schema once a run. */
struct book_sql {
    struct str insert_ledger, update_state, newest, of_attempt, pending, state;
};

struct job {
    struct arena *a; /* the caller's */
    struct db *db;
    const struct plan *plan;
    const struct script *const *scripts;
    const struct migrate_options *options;
    const struct migrate_observer *observer;
    struct migrate_report *report;
    struct names modules; /* that the plan is about */
    struct str incarnation;
    struct book_sql sql;
    struct book book;
    size_t done;          /* steps that are committed */
    size_t announced;     /* steps that the observer knows to have started */
    bool locked;          /* this session holds the migrator's lock */
    bool undecided;       /* something was sent whose fate only the target knows */
    bool found_out;       /* it was undecided, and the target has told since */
    unsigned lock_losses; /* times that a lock was waited for in vain */
    int64_t deadline;     /* for finding out, once undecided */
};

/* How a part of the run ended. */
enum verdict { VERDICT_UNSET = 0, VERDICT_NEXT, VERDICT_AGAIN, VERDICT_END };

/* A batch in the making, with a note for every item: what it stands for. */
enum note_kind { NOTE_NONE = 0, NOTE_BODY, NOTE_VERIFY, NOTE_ROWS, NOTE_STATE };

struct note {
    enum note_kind kind;
    size_t step; /* of the plan; SIZE_MAX for none */
    const struct script_part *part;
    size_t statement;
    struct row_change change; /* NOTE_ROWS */
    bool starts_step;
};

struct work {
    struct arena *a;
    VEC(struct db_item) items;
    VEC(struct note) notes;
};

/* ---- book.c: skein's own tables and the version tables ---- */

void book_prepare(struct job *j); /* binds the texts; the connection must be open */

/*
 * Begins a writing transaction, creates the tables that are missing, takes the row lock and the locks on the
 * version tables, and reads. False leaves the transaction to be rolled back.
 */
bool book_open(struct job *j, const struct db_begin *begin, struct err *err);

struct db_begin book_begin(const struct job *j);

/* What admit() has to know about a step. */
struct admit_facts book_facts(const struct job *j, size_t step);

/* The state before step `step` of the plan. */
struct dbstate book_expected(struct arena *a, const struct plan *plan, size_t step);

/* Adds the ledger row for step `index`; the book's head and sequence move on. */
void book_add_row(struct job *j, struct work *w, size_t index, enum ledger_status status);

/* Adds the guarded update of skein_state that goes with the rows. `old_seq` is what was read. */
void book_add_state(struct job *j, struct work *w, uint64_t old_seq);

/* Adds the changes to the version tables of steps first .. end-1. */
void book_add_versions(struct job *j, struct work *w, size_t first, size_t end);

/* What is known of the target, into the report. */
void book_report(struct job *j);

bool book_tables_present(struct arena *a, struct db *db, const struct names *wanted, struct names *ret_found,
                         struct err *err);
struct str book_bind(struct arena *a, const struct db *db, const char *text, struct str version_table);

/* ---- work.c: batches and their results ---- */

struct db_item *work_add(struct work *w, struct db_item item, struct note note);
struct db_item *work_sql(struct work *w, struct str sql, const struct str *params, size_t count, enum db_want want);
bool work_run(struct job *j, struct work *w, const struct db_begin *begin, struct err *err, size_t *ret_step);

/* The first result that is not as it must be, as an err. */
bool work_check(struct job *j, struct work *w, struct err *err, size_t *ret_step);

void work_add_script(struct job *j, struct work *w, size_t step);

/* NULL, or why the script must not run inside a transaction. */
bool work_refuses(struct job *j, size_t step, struct err *err);

struct str script_statement(const struct script_part *part, size_t n);
bool word_at(struct str *text, const char *word); /* takes a key word off the front */

/* PRAGMA foreign_keys as the first statement of a SQLite script. */
enum fk_wish { FK_NONE = 0, FK_OFF, FK_ON };
enum fk_wish script_fk_wish(const struct script *s);
bool script_drops_table(const struct script *s);

/* ---- migrate.c ---- */

enum verdict job_lock(struct job *j);

/* Tells the observer, once, that the steps before `end` have started. */
void job_announce(struct job *j, size_t end);
void job_unlock(struct job *j);
enum verdict job_end(struct job *j, enum outcome outcome);

/* A failure that is definite: rolled back, retried if that may help, else the fence is closed. */
enum verdict job_fail(struct job *j, const struct err *err, size_t step);

/* COMMIT and what its answer means. */
enum verdict job_commit(struct job *j);

/* After a lost connection: connects again and goes on, until the deadline. */
enum verdict job_undecided(struct job *j, const struct err *err);

/* Closes the options' fence in the target. */
bool job_close_fence(struct job *j, uint64_t fence, struct err *err);
void job_init(struct job *j, struct arena *a, struct db *db, const struct plan *plan,
              const struct migrate_options *options, struct migrate_report *report);

/* Begins, reads and admits step j->done; END and AGAIN leave no transaction open. */
enum verdict job_admit(struct job *j, const struct db_begin *begin, enum admission *ret_admission);

/* ---- migrate_alone.c ---- */

bool step_is_alone(const struct job *j, size_t step);

/* Step j->done, admitted inside an open transaction, runs outside of one. */
enum verdict alone_run(struct job *j, enum admission admission);
