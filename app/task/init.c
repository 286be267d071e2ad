/* SPDX-License-Identifier: Apache-2.0 */
/* PID 1: brings the box up, keeps its processes running, takes it down cleanly. */
#include "app/task/init.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/task/init_internal.h"
#include "drivers/net/net.h"
#include "drivers/watchdog/watchdog.h"
#include "version.h"

#define WATCHDOG_S       60
#define WATCHDOG_FEED_MS 10000
#define STOP_MS          5000 /* what the children get to end by themselves */
#define TICK_MS          200  /* while something waits to be started */

static void worker_body(const struct config *cfg)
{
    (void)cfg; /* it reads INIT_CONFIG */
    execl("/proc/self/exe", "sluice", "run", "-c", INIT_CONFIG, "-s", INIT_SOCKET, (char *)NULL);
}

static void network_body(const struct config *cfg)
{
    struct errmsg why;
    struct net_settings s = {
        .dhcp = cfg->network.dhcp,
        .address = cfg->network.address,
        .prefix = cfg->network.prefix,
        .gateway = cfg->network.gateway,
        .hostname = cfg->appliance.hostname,
    };
    const char *list = cfg->network.dns;
    for (size_t i = 0; i < NET_DNS_MAX && *list != '\0'; i++) {
        unsigned a = 0, b = 0, c = 0, d = 0;
        if (sscanf(list, "%u.%u.%u.%u", &a, &b, &c, &d) == 4) {
            s.dns[i] = a << 24 | b << 16 | c << 8 | d;
        }
        list += strcspn(list, ",");
        list += *list == ',';
    }
    net_run(&s, init_say_text, &why);
}

#ifdef CONFIG_NTP
static void clock_body(const struct config *cfg)
{
    sntp_run(cfg->appliance.ntp, SLUICE_BUILD_TIME, init_say_text);
}
#else
#define clock_body NULL
#endif

enum { WORKER, CONSOLE, NETWORK, CLOCK, CHILDREN };

static struct child children[CHILDREN];

static void name_children(void)
{
    static void (*const bodies[CHILDREN])(const struct config *) = {
        [WORKER] = worker_body,
        [CONSOLE] = init_console,
        [NETWORK] = network_body,
        [CLOCK] = clock_body,
    };
    static const char *const names[CHILDREN] = {"worker", "console", "network", "clock"};

    for (size_t i = 0; i < CHILDREN; i++) {
        children[i].name = names[i];
        children[i].body = bodies[i];
        children[i].pause_max_s = i == CONSOLE ? 5 : 60;
        children[i].out = -1;
    }
    children[WORKER].talks = true;
    children[CONSOLE].wait_for = INIT_SOCKET;
}

/* Collects everything that has ended: our children and what was left to us. */
static void reap(void)
{
    int status = 0;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (size_t i = 0; i < CHILDREN; i++) {
            if (children[i].pid == pid) {
                child_ended(&children[i], status);
            }
        }
    }
}

/* Ends every process, then the box. Does not return. */
static void take_down(int signal_number, struct watchdog *dog)
{
    bool off = signal_number == INIT_SIGNAL_POWEROFF;
    bool halt = signal_number == INIT_SIGNAL_HALT;
    init_say("%s", off ? "powering off" : halt ? "halting" : "restarting");
    kill(-1, SIGTERM);
    uint64_t until = init_now_ms() + STOP_MS;
    pid_t left = 0;
    do {
        left = waitpid(-1, NULL, WNOHANG);
        if (left == 0) {
            poll(NULL, 0, 20);
        }
    } while (left >= 0 && init_now_ms() < until);
    if (left >= 0) {
        init_say("some processes did not end by themselves");
        kill(-1, SIGKILL);
    }
    sync();
    umount2("/mnt", MNT_DETACH); /* only if we were stopped while reading a medium */
    if (off || halt) {
        watchdog_stop(dog);
    } else {
        watchdog_feed(dog); /* and stays armed, in case the restart hangs */
    }
    reboot(off ? RB_POWER_OFF : halt ? RB_HALT_SYSTEM : RB_AUTOBOOT);
    init_say("the kernel does not do it: %s", strerror(errno));
    for (;;) {
        pause();
    }
}

/* Until when poll() may sleep: briefly while a child waits for its time. */
static int next_wake_ms(void)
{
    for (size_t i = 0; i < CHILDREN; i++) {
        if (children[i].pid == 0 && children[i].body != NULL) {
            return TICK_MS;
        }
    }
    return WATCHDOG_FEED_MS;
}

static void supervise(int signals, const struct config *cfg, struct watchdog *dog)
{
    for (;;) {
        watchdog_feed(dog);
        for (size_t i = 0; i < CHILDREN; i++) {
            if (children[i].body != NULL) {
                child_tend(&children[i], cfg);
            }
        }
        init_console_is(children[CONSOLE].pid);
        struct pollfd p[1 + CHILDREN] = {{.fd = signals, .events = POLLIN}};
        for (size_t i = 0; i < CHILDREN; i++) {
            p[1 + i] = (struct pollfd){.fd = children[i].out, .events = POLLIN};
        }
        if (poll(p, 1 + CHILDREN, next_wake_ms()) <= 0) {
            continue;
        }
        for (size_t i = 0; i < CHILDREN; i++) {
            if (p[1 + i].revents != 0) {
                child_hear(&children[i]);
            }
        }
        struct signalfd_siginfo info;
        while (read(signals, &info, sizeof info) == (ssize_t)sizeof info) {
            if (info.ssi_signo == SIGCHLD) {
                reap();
            } else {
                take_down((int)info.ssi_signo, dog);
            }
        }
    }
}

int init_main(void)
{
    static struct config cfg;
    static struct watchdog dog = {.fd = -1};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGCHLD);
    sigaddset(&set, SIGINT);
    sigaddset(&set, INIT_SIGNAL_REBOOT);
    sigaddset(&set, INIT_SIGNAL_POWEROFF);
    sigaddset(&set, INIT_SIGNAL_HALT);
    sigprocmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    setenv("PATH", "/", 1);
    setenv("HOME", "/tmp", 1);

    name_children();
    init_boot();
    reboot(RB_DISABLE_CAD); /* Ctrl-Alt-Del comes as SIGINT */
    watchdog_start(&dog, WATCHDOG_S);
    init_config(&cfg);
    if (sethostname(cfg.appliance.hostname, strlen(cfg.appliance.hostname)) != 0) {
        init_say("boot: the host name cannot be set: %s", strerror(errno));
    }
    if (strcmp(cfg.appliance.ntp, "off") == 0) {
        children[CLOCK].body = NULL;
    }
    int signals = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
    if (signals < 0) {
        init_say("boot: no signalfd: %s", strerror(errno));
    }
    supervise(signals, &cfg, &dog);
    return 0;
}
