#include "coordinator/cli/stopping.h"

#include <signal.h>
#include <stddef.h>

static volatile sig_atomic_t stop_asked;

static void ask_to_stop(int number)
{
    (void)number;
    stop_asked = 1;
}

static void handle_signals(void (*handler)(int))
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
    const struct sigaction action = {.sa_handler = handler};
    struct sigaction before;
    for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
        if (sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN) /* nohup */
            sigaction(signals[i], &action, NULL);
}

void stopping_begin(void)
{
    stop_asked = 0;
    handle_signals(ask_to_stop);
}

bool stopping_asked(void *user)
{
    (void)user;
    return stop_asked != 0;
}

void stopping_end(void)
{
    handle_signals(SIG_DFL);
}
