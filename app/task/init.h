/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1 of the image: mounts, config, network, clock, and the supervision of everything else. */
#ifndef APP_TASK_INIT_H
#define APP_TASK_INIT_H

#include <signal.h>

/* What a command sends to process 1 to end the box; every child gets SIGTERM and up to five
 * seconds, then what is written is synced and the media are released. */
#define INIT_SIGNAL_REBOOT SIGTERM    /* also Ctrl-Alt-Del, which comes as SIGINT */
#define INIT_SIGNAL_POWEROFF SIGUSR2
#define INIT_SIGNAL_HALT SIGUSR1      /* stops the processor, power stays */

/* Where init puts things for the worker and the console. */
/* The ruling config and the files it names, in a folder of their own: their names are the user's.
 */
#define INIT_CONFIG_DIR "/run/sluice/config"
#define INIT_CONFIG INIT_CONFIG_DIR "/sluice.ini"
#define INIT_SOCKET "/run/sluice/sock"

/* Runs the box; called by main() when it is process 1. Does not return while the box is up. */
int init_main(void);

#endif
