/* SPDX-License-Identifier: Apache-2.0 */
/* The local socket: one thread listens and watches for clients that hang up while their command
 * runs; each client has a thread of its own, a few at most. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "app/shell/door_client.h"
#include "app/shell/doors.h"
#include "app/shell/forecast.h"
#include "app/task/app.h"
#include "base/log.h"

#define CLIENTS_MAX 4
#define STACK_SIZE (256 * 1024) /* address space; a precheck with TLS needs about 60 KiB of it */
#define SEND_TIMEOUT_S 20

static struct {
    struct app *app;
    bool started;
    int listen_fd;
    int wake[2]; /* a byte ends the listener's wait */
    pthread_t thread;
    atomic_bool stop;
    char path[108];
    struct door_client clients[CLIENTS_MAX];
} door;

static void *client_main(void *ctx)
{
    struct door_client *client = ctx;
    door_talk(client);
    atomic_store(&client->done, true);
    return NULL;
}

static int start_thread(pthread_t *thread, void *(*main)(void *), void *ctx)
{
    pthread_attr_t attr;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK_SIZE);
    int rc = pthread_create(thread, &attr, main, ctx);
    pthread_attr_destroy(&attr);
    return rc;
}

static void end_client(struct door_client *client)
{
    pthread_join(client->thread, NULL);
    close(client->fd);
    client->used = false;
}

static void reap(void)
{
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (door.clients[i].used && atomic_load(&door.clients[i].done)) {
            end_client(&door.clients[i]);
        }
    }
}

static void take_client(int fd)
{
    static const char busy[] = "{\"error\":{\"code\":\"busy\",\"message\":\"all places at the "
                               "console's socket are taken\"},\"exit\":1}\n";
    struct timeval timeout = {.tv_sec = SEND_TIMEOUT_S};
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout);
    reap();
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct door_client *client = &door.clients[i];
        if (client->used) {
            continue;
        }
        client->app = door.app;
        client->fd = fd;
        atomic_store(&client->done, false);
        atomic_store(&client->busy, false);
        atomic_store(&client->cancel, false);
        atomic_store(&client->leave, false);
        if (start_thread(&client->thread, client_main, client) == 0) {
            client->used = true;
            return;
        }
        break;
    }
    if (send(fd, busy, sizeof busy - 1, MSG_NOSIGNAL) < 0) {
        log_debug("shell", "a client left before it was told that all places are taken");
    }
    close(fd);
}

/* Waits for something to happen; a busy client's socket must stay quiet. */
static bool wait_and_watch(void)
{
    struct pollfd fds[2 + CLIENTS_MAX] = {{.fd = door.wake[0], .events = POLLIN},
                                          {.fd = door.listen_fd, .events = POLLIN}};
    struct door_client *watched[CLIENTS_MAX];
    nfds_t n = 2;
    int timeout_ms = 1000;
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        struct door_client *client = &door.clients[i];
        if (client->used) {
            timeout_ms = 200; /* it may become busy, or leave, while we wait */
        }
        if (client->used && atomic_load(&client->busy) && !atomic_load(&client->cancel)) {
            watched[n - 2] = client;
            fds[n++] = (struct pollfd){.fd = client->fd, .events = POLLIN | POLLRDHUP};
        }
    }
    if (poll(fds, n, timeout_ms) <= 0) {
        return false;
    }
    for (nfds_t i = 2; i < n; i++) {
        if (fds[i].revents != 0 && atomic_load(&watched[i - 2]->busy)) {
            atomic_store(&watched[i - 2]->cancel, true);
        }
    }
    return (fds[1].revents & POLLIN) != 0;
}

static void note_intake(void)
{
    struct relay_status relay;
    struct timespec now;
    if (door.app->relay != NULL) {
        relay_get_status(door.app->relay, &relay);
        clock_gettime(CLOCK_BOOTTIME, &now);
        forecast_note(relay.bytes, (uint64_t)now.tv_sec);
    }
}

static void *listener_main(void *ctx)
{
    while (!atomic_load(&door.stop)) {
        if (wait_and_watch()) {
            int fd = accept4(door.listen_fd, NULL, NULL, SOCK_CLOEXEC);
            if (fd >= 0) {
                take_client(fd);
            } else if (errno == EMFILE || errno == ENFILE) {
                poll(NULL, 0, 100); /* it stays readable: do not spin */
            }
        }
        reap();
        note_intake();
    }
    return NULL;
}

static bool somebody_answers(const struct sockaddr_un *address)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool yes = fd >= 0 &&
               connect(fd, (const struct sockaddr *)address, sizeof *address) == 0;
    if (fd >= 0) {
        close(fd);
    }
    return yes;
}

static void make_folder(const char *path)
{
    char folder[sizeof door.path];
    const char *slash = strrchr(path, '/');
    if (slash != NULL && slash != path) {
        snprintf(folder, sizeof folder, "%.*s", (int)(slash - path), path);
        mkdir(folder, 0755); /* bind() says so if it could not be made */
    }
}

static int listen_at(const char *path, struct errmsg *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    if (strlen(path) >= sizeof address.sun_path) {
        return fail(why, ERR_INVALID, "the socket's path is longer than %zu bytes: %s",
                    sizeof address.sun_path - 1, path);
    }
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    make_folder(path);
    struct stat st;
    if (lstat(path, &st) == 0) {
        if (!S_ISSOCK(st.st_mode)) {
            return fail(why, ERR_FOREIGN, "%s exists and is no socket: name another with -s", path);
        }
        if (somebody_answers(&address)) {
            return fail(why, ERR_BUSY, "another appliance already answers at %s", path);
        }
        unlink(path);
    }
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) {
        return fail_errno(why, ERR_IO, "no local socket");
    }
    mode_t old = umask(0177); /* so that it is never open to others, not for an instant */
    int rc = bind(fd, (const struct sockaddr *)&address, sizeof address);
    umask(old);
    if (rc != 0 || listen(fd, 8) != 0) {
        fail_errno(why, ERR_IO, "cannot listen at %s (-s names another place)", path);
        close(fd);
        return ERR_IO;
    }
    door.listen_fd = fd;
    snprintf(door.path, sizeof door.path, "%s", path);
    return 0;
}

int door_socket_start(struct app *app, const char *path, struct errmsg *why)
{
    if (door.started) {
        return fail(why, ERR_BUSY, "the local socket is open already, at %s", door.path);
    }
    door.app = app;
    atomic_store(&door.stop, false);
    int err = listen_at(path, why);
    if (err != 0) {
        return err;
    }
    if (pipe2(door.wake, O_CLOEXEC) != 0) {
        fail_errno(why, ERR_IO, "no pipe for the local socket");
        goto failed;
    }
    int rc = start_thread(&door.thread, listener_main, NULL);
    if (rc != 0) {
        fail(why, ERR_NOMEM, "no thread for the local socket: %s", strerror(rc));
        close(door.wake[0]);
        close(door.wake[1]);
        goto failed;
    }
    door.started = true;
    return 0;

failed:
    close(door.listen_fd);
    unlink(door.path);
    return ERR_IO;
}

const char *door_socket_path(void)
{
    return door.started ? door.path : "";
}

void door_socket_stop(void)
{
    if (!door.started) {
        return;
    }
    atomic_store(&door.stop, true);
    if (write(door.wake[1], "", 1) != 1) {
        log_debug("shell", "the listener ends with its next look");
    }
    pthread_join(door.thread, NULL);
    for (size_t i = 0; i < CLIENTS_MAX; i++) {
        if (door.clients[i].used) {
            atomic_store(&door.clients[i].leave, true);
            atomic_store(&door.clients[i].cancel, true);
            shutdown(door.clients[i].fd, SHUT_RDWR);
            end_client(&door.clients[i]);
        }
    }
    close(door.listen_fd);
    close(door.wake[0]);
    close(door.wake[1]);
    unlink(door.path);
    door.started = false;
}
