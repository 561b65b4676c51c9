/*
 * The child leads a process group of its own, so that all of it can be killed; both of its outputs are read until they
 * end. Who forks here may have other threads: between fork and exec only what is safe then is called.
 */
#include "skein/os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "skein/os/clock.h"
#include "skein/os/file.h"

enum { POLL_MS = 100, ERRORS_MAX = 64 * 1024, DETAIL_MAX = 1500, EXEC_FAILED = 127 };

struct process {
    const struct process_request *request;
    const char *program; /* its path */
    pid_t pid;
    int out[2], errors[2]; /* ends to read and to write; -1: closed */
    struct strbuf output, messages;
};

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static const char *name_of(const struct process *p)
{
    return p->request->arguments[0];
}

/* In the child. */
static _Noreturn void become(const struct process *p, char *const *environment)
{
    int null = open("/dev/null", O_RDONLY);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    setpgid(0, 0);
    if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(p->out[1], STDOUT_FILENO) >= 0 &&
        dup2(p->errors[1], STDERR_FILENO) >= 0 && chdir(p->request->folder) == 0)
        execve(p->program, (char *const *)(uintptr_t)p->request->arguments, environment);
    const char *why = strerrordesc_np(errno);
    ssize_t ignored = write(STDERR_FILENO, why, strlen(why));
    (void)ignored;
    _exit(EXEC_FAILED);
}

/* The environment with one variable more; in the arena. */
static char **environment_of(struct arena *a, const struct process_request *request)
{
    size_t count = 0;
    while (environ[count] != NULL)
        count++;
    char **list = arena_new_array(a, count + 2, char *);
    size_t kept = 0, len = request->variable != NULL ? strlen(request->variable) : 0;
    for (size_t i = 0; i < count; i++)
        if (len == 0 || strncmp(environ[i], request->variable, len) != 0 || environ[i][len] != '=')
            list[kept++] = environ[i];
    if (len > 0)
        list[kept] = arena_printf(a, "%s=%s", request->variable, request->value);
    return list;
}

/* As a shell finds it: a name with a slash is a path, any other is looked for in PATH. */
static const char *find_program(struct arena *a, const char *name)
{
    const char *path = getenv("PATH");
    struct str rest = str_of(path != NULL ? path : "/usr/bin:/bin"), folder;
    while (strchr(name, '/') == NULL && str_next(&rest, ':', &folder)) {
        const char *found = arena_printf(a, "%.*s/%s", STR_ARG(folder.len > 0 ? folder : STR(".")), name);
        if (access(found, X_OK) == 0)
            return found;
    }
    return name;
}

static bool start(struct process *p, struct arena *a, struct err *err)
{
    char **environment = environment_of(a, p->request);
    p->program = find_program(a, name_of(p));
    if (pipe2(p->out, O_CLOEXEC) != 0 || pipe2(p->errors, O_CLOEXEC) != 0)
        return err_errno(err, "cannot run %s", name_of(p));
    p->pid = fork();
    if (p->pid < 0)
        return err_errno(err, "cannot run %s", name_of(p));
    if (p->pid == 0)
        become(p, environment);
    setpgid(p->pid, p->pid); /* whoever comes first: the group is there before it may have to be killed */
    close_end(&p->out[1]);
    close_end(&p->errors[1]);
    return true;
}

static void read_some(int *fd, struct strbuf *into)
{
    char bytes[65536];
    ssize_t got = read(*fd, bytes, sizeof(bytes));
    if (got > 0)
        strbuf_add(into, (struct str){bytes, (size_t)got});
    else if (got == 0 || errno != EINTR)
        close_end(fd);
}

static bool fail(const struct process *p, struct err *err, const char *what)
{
    struct str said = str_trim(strbuf_str(&p->messages));
    struct str tail = str_from(said, said.len > DETAIL_MAX ? said.len - DETAIL_MAX : 0);
    err_kind(err, ERR_INPUT, p->request->kind, "%s %s", name_of(p), what);
    if (tail.len > 0)
        err_detail(err, "%.*s", STR_ARG(tail));
    return false;
}

/* Until both outputs end. */
static bool read_all(struct process *p, int64_t deadline, struct err *err)
{
    while (p->out[0] >= 0 || p->errors[0] >= 0) {
        struct pollfd fds[] = {{.fd = p->out[0], .events = POLLIN}, {.fd = p->errors[0], .events = POLLIN}};
        poll(fds, 2, POLL_MS);
        if (fds[0].revents != 0)
            read_some(&p->out[0], &p->output);
        if (fds[1].revents != 0)
            read_some(&p->errors[0], &p->messages);
        if (p->request->cancelled != NULL && p->request->cancelled(p->request->user))
            return err_kind(err, ERR_CANCELLED, "cancelled", "stopped on request");
        if (p->output.overflow)
            return fail(p, err, "writes too much");
        if (clock_mono_ms() >= deadline)
            return fail(p, err, "takes too long");
    }
    return true;
}

/* The end of a process that has closed its outputs. */
static bool reap(struct process *p, int64_t deadline, struct err *err)
{
    int status = 0;
    pid_t ended;
    while ((ended = waitpid(p->pid, &status, WNOHANG)) == 0) {
        if (clock_mono_ms() >= deadline)
            return fail(p, err, "takes too long");
        clock_sleep_ms(1);
    }
    p->pid = 0;
    if (ended > 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return true;
    struct arena a = {0};
    bool could_run = !(WIFEXITED(status) && WEXITSTATUS(status) == EXEC_FAILED);
    fail(p, err,
         !could_run            ? "cannot be run"
         : WIFSIGNALED(status) ? arena_printf(&a, "was ended by signal %d", WTERMSIG(status))
                               : arena_printf(&a, "ended with exit code %d", WEXITSTATUS(status)));
    arena_release(&a);
    return false;
}

static void stop(struct process *p)
{
    for (int i = 0; i < 2; i++) {
        close_end(&p->out[i]);
        close_end(&p->errors[i]);
    }
    if (p->pid > 0) {
        kill(-p->pid, SIGKILL);
        waitpid(p->pid, NULL, 0);
    }
    strbuf_release(&p->output);
    strbuf_release(&p->messages);
}

bool process_run(struct arena *a, const struct process_request *request, struct str *ret_output, struct err *err)
{
    struct process p = {.request = request, .out = {-1, -1}, .errors = {-1, -1}};
    int64_t deadline = clock_mono_ms() + request->timeout_ms;
    strbuf_init(&p.output, request->output_max);
    strbuf_init(&p.messages, ERRORS_MAX);
    bool ok = start(&p, a, err) && read_all(&p, deadline, err) && reap(&p, deadline, err);
    if (ok)
        *ret_output = str_copy(a, strbuf_str(&p.output));
    stop(&p);
    return ok;
}
