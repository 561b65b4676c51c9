/*
 * The program that skein is measured against: it runs the same SQL files on the same targets with the same
 * durability (one transaction a target, one version row that follows the files) and does nothing else. No
 * lock, no ledger, no checks: what skein takes longer is the price of those.
 *
 *     bench_baseline sqlite|postgresql|schemas THREADS FOLDER [CONNINFO] <targets
 *
 * FOLDER holds the files, run in the order of their names; none: the version row is read and that is all. Targets come
 * on standard input, one a line: a SQLite file, a conninfo, or (schemas) the name of a schema in the database CONNINFO.
 */
#include <dirent.h>
#include <libpq-fe.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FILES_MAX = 20000, TARGETS_MAX = 20000 };

static struct {
    size_t file_count, target_count;
    char *files[FILES_MAX];
    char *targets[TARGETS_MAX];
    bool (*apply)(void *connection, const char *target);
    void *(*connect)(void);
    void (*disconnect)(void *connection);
    const char *conninfo;
    atomic_size_t next;
    atomic_bool failed;
} job;

#define VERSION_TABLE                                                                                                  \
    "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL, "                                   \
    "CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num)); "                                                      \
    "INSERT INTO alembic_version SELECT '0' WHERE NOT EXISTS (SELECT 1 FROM alembic_version)"

#define READ_VERSION "SELECT version_num FROM alembic_version"

static bool sqlite_exec(sqlite3 *db, const char *sql)
{
    char *message = NULL;
    bool good = sqlite3_exec(db, sql, NULL, NULL, &message) == SQLITE_OK;
    if (!good)
        fprintf(stderr, "%s\n", message);
    sqlite3_free(message);
    return good;
}

static bool sqlite_run_files(sqlite3 *db)
{
    bool good = sqlite_exec(db, "BEGIN IMMEDIATE; " VERSION_TABLE);
    for (size_t i = 0; good && i < job.file_count; i++) {
        char row[80];
        snprintf(row, sizeof(row), "UPDATE alembic_version SET version_num = 'f%zu'", i);
        good = sqlite_exec(db, job.files[i]) && sqlite_exec(db, row);
    }
    return good && sqlite_exec(db, "COMMIT");
}

static bool sqlite_apply(void *connection, const char *target)
{
    (void)connection;
    sqlite3 *db = NULL;
    bool good = sqlite3_open(target, &db) == SQLITE_OK;
    if (job.file_count == 0)
        good = good && sqlite_exec(db, READ_VERSION);
    else
        good = good && sqlite_run_files(db);
    sqlite3_close(db);
    return good;
}

static bool pg_exec(PGconn *pg, const char *sql)
{
    PGresult *result = PQexec(pg, sql);
    bool good = PQresultStatus(result) == PGRES_COMMAND_OK || PQresultStatus(result) == PGRES_TUPLES_OK;
    if (!good)
        fprintf(stderr, "%s", PQresultErrorMessage(result));
    PQclear(result);
    return good;
}

static bool pg_run_files(PGconn *pg)
{
    bool good = pg_exec(pg, VERSION_TABLE);
    for (size_t i = 0; good && i < job.file_count; i++) {
        char row[80];
        snprintf(row, sizeof(row), "UPDATE alembic_version SET version_num = 'f%zu'", i);
        good = pg_exec(pg, job.files[i]) && pg_exec(pg, row);
    }
    return good && pg_exec(pg, "COMMIT");
}

static PGconn *pg_open(const char *conninfo)
{
    PGconn *pg = PQconnectdb(conninfo);
    if (PQstatus(pg) != CONNECTION_OK || !pg_exec(pg, "SET client_min_messages = warning")) {
        fprintf(stderr, "%s", PQerrorMessage(pg));
        exit(1);
    }
    return pg;
}

static bool pg_apply(void *connection, const char *target)
{
    (void)connection;
    PGconn *pg = pg_open(target);
    bool good = job.file_count == 0 ? pg_exec(pg, READ_VERSION) : pg_exec(pg, "BEGIN") && pg_run_files(pg);
    PQfinish(pg);
    return good;
}

static void *schemas_connect(void)
{
    return pg_open(job.conninfo);
}

static void schemas_disconnect(void *connection)
{
    PQfinish(connection);
}

static bool schema_apply(void *connection, const char *target)
{
    char sql[200];
    snprintf(sql, sizeof(sql), "BEGIN; SET LOCAL search_path TO %s", target);
    return pg_exec(connection, sql) && pg_run_files(connection);
}

static void *work(void *unused)
{
    (void)unused;
    void *connection = job.connect != NULL ? job.connect() : NULL;
    for (size_t i; (i = atomic_fetch_add(&job.next, 1)) < job.target_count;)
        if (!job.apply(connection, job.targets[i]))
            atomic_store(&job.failed, true);
    if (job.disconnect != NULL)
        job.disconnect(connection);
    return NULL;
}

static char *read_file(const char *folder, const char *name)
{
    char path[4096];
    snprintf(path, sizeof(path), "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (file == NULL || fseek(file, 0, SEEK_END) != 0)
        return NULL;
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = calloc(1, size + 1);
    if (text == NULL || fread(text, 1, size, file) != size)
        exit(1);
    fclose(file);
    return text;
}

static int is_file(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static bool load(const char *folder)
{
    struct dirent **names = NULL;
    int count = scandir(folder, &names, is_file, alphasort);
    for (int i = 0; i < count && i < FILES_MAX; i++) {
        job.files[job.file_count] = read_file(folder, names[i]->d_name);
        if (job.files[job.file_count++] == NULL)
            return false;
        free(names[i]);
    }
    free(names);
    char line[4096];
    while (job.target_count < TARGETS_MAX && fgets(line, sizeof(line), stdin) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        job.targets[job.target_count++] = strdup(line);
    }
    return count >= 0 && job.target_count > 0;
}

static bool choose_engine(const char *name)
{
    if (strcmp(name, "schemas") == 0) {
        job.connect = schemas_connect;
        job.disconnect = schemas_disconnect;
        job.apply = schema_apply;
        return job.conninfo != NULL;
    }
    job.apply = strcmp(name, "sqlite") == 0 ? sqlite_apply : pg_apply;
    return strcmp(name, "sqlite") == 0 || strcmp(name, "postgresql") == 0;
}

int main(int argc, char **argv)
{
    job.conninfo = argc > 4 ? argv[4] : NULL;
    if (argc < 4 || !choose_engine(argv[1]) || !load(argv[3])) {
        fprintf(stderr, "usage: bench_baseline sqlite|postgresql|schemas THREADS FOLDER [CONNINFO] <targets\n");
        return 2;
    }
    enum { THREADS_MAX = 64 };
    size_t threads = strtoul(argv[2], NULL, 10);
    if (threads < 1 || threads > THREADS_MAX)
        return 2;
    pthread_t ids[THREADS_MAX];
    for (size_t i = 0; i < threads; i++)
        if (pthread_create(&ids[i], NULL, work, NULL) != 0)
            return 1;
    for (size_t i = 0; i < threads; i++)
        pthread_join(ids[i], NULL);
    return atomic_load(&job.failed) ? 1 : 0;
}
