/* The coordinator as a process; how it works stands in coordinator/io/process.h. */
#pragma once

/* Serves until a signal stops it. Returns the exit code. */
int runtime_main(const char *config_path);
