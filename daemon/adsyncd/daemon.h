/* The daemon: one event loop that never waits for a directory, a service or a long query. */
#pragma once

/* Runs until SIGTERM. The exit code. */
int daemon_main(const char *config_path);
