/* SPDX-License-Identifier: Apache-2.0 */
/* One client of the local socket: between the listener (door_socket.c) and its talk
 * (door_talk.c). */
#ifndef APP_SHELL_DOOR_CLIENT_H
#define APP_SHELL_DOOR_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>

struct app;

struct door_client {
    struct app *app;
    int fd;
    pthread_t thread;
    bool used;          /* the listener's: thread must be joined */
    atomic_bool done;   /* the thread has ended */
    atomic_bool busy;   /* a command runs: whatever arrives now cancels it */
    atomic_bool cancel;
    atomic_bool leave;  /* the door closes: every command from now on is cancelled */
};

/* Answers requests until the client hangs up. */
void door_talk(struct door_client *client);

#endif
