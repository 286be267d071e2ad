/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice run`: the appliance's worker in the foreground, until SIGTERM or SIGINT. */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/shell/doors.h"
#include "app/task/app.h"
#include "version.h"
#include "base/log.h"
#include "drivers/clock/clock.h"

#define DEFAULT_SOCKET "/run/sluice/sock"

static int usage(void)
{
    fprintf(stderr, "usage: sluice run -c FILE [-s SOCKET]\n"
                    "  -c FILE    the config (see `sluice config check FILE`)\n"
                    "  -s SOCKET  where `sluice shell` finds it (default %s)\n",
            DEFAULT_SOCKET);
    return CLI_USAGE;
}

int cli_run(int argc, char **argv)
{
    const char *config = NULL, *socket_path = DEFAULT_SOCKET;
    int c = 0;
    while ((c = getopt(argc, argv, "c:s:")) != -1) {
        switch (c) {
        case 'c':
            config = optarg;
            break;
        case 's':
            socket_path = optarg;
            break;
        default:
            return usage();
        }
    }
    if (config == NULL || optind != argc) {
        return usage();
    }

    /* Threads inherit the mask, so that only this one waits for signals. */
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a device that takes no more is an error to tell, not the end */

    log_to_fd(STDERR_FILENO, LOG_INFO);
    log_info("run", "sluice %s starts with %s", SLUICE_VERSION, config);

    static struct app app;
    struct errmsg why;
    int status = CLI_YES;
    app_open(&app, config);
    /* On a host a file name that leads nowhere ends it; a box stays reachable without a config. */
    if (app.config_error.text[0] != '\0' && clock_source() == CLOCK_HOST) {
        app_close(&app);
        return CLI_USAGE;
    }
    if (door_socket_start(&app, socket_path, &why) != OK) {
        log_error("run", "%s", why.text);
        status = CLI_USAGE;
    } else {
        if (door_http_start(&app, &why) != OK) {
            log_error("http", "%s", why.text);
        }
        int signal_number = 0;
        sigwait(&set, &signal_number);
        log_info("run", "stopping (%s)", strsignal(signal_number));
    }
    atomic_store(&app.stop, true);
    /* The task first: what the relay has is flushed before anything else takes time. */
    (void)app_task_stop(&app, &why);
    door_http_stop();
    door_socket_stop();
    app_close(&app);
    return status;
}
