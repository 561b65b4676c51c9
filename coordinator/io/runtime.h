/*
 * The coordinator as a process: sockets, timers and signals become events, coord_step() decides, and its
 * effects are performed: what a burst of events changes is one commit in the store, and only then is
 * anything sent.
 *
 * Happy path: open the store, fold it into a core, bind both doors behind the key handler, check with a
 * throw-away key that they are shut, serve. Failures: a store that refuses a write because the disk is full
 * -> degraded: the core is thrown away (its memory is ahead of the store), requests are answered with the
 * reason, and every few seconds it is tried again; any other failure of the store, and a door found open,
 * end the process: nothing was promised that is not stored. Responses: a frame that cannot be decoded is
 * answered with ERROR and counted; a peer that sends more than one frame loses its key until the lists change.
 */
#pragma once

/* Serves until a signal stops it. Returns the exit code. */
int runtime_main(const char *config_path);
