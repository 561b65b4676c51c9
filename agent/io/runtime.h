/*
 * The agent at work: what happens becomes events for the core, and what the core wants is carried out. One
 * thread owns all of this; workers get copies and answer through a queue.
 */
#pragma once

#include "agent/io/config.h"
#include "agent/io/link.h"
#include "skein/os/log.h"
#include "skein/os/signals.h"

/* Runs until it is asked to stop. False: it ended because of a failure, which is logged. */
bool runtime_run(const struct agent_config *config, struct link *link, struct signals *signals, const struct log *log);
