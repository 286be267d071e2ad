/* SPDX-License-Identifier: Apache-2.0 */
/* The console's process: takes the terminal and becomes the shell, whose door asks for the
 * password. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

#include "app/task/init_internal.h"

/* The terminal behind /dev/console, which cannot be a controlling terminal itself: the last word
 * of the kernel's list is the one that /dev/console stands for. */
static void console_tty(char *path, size_t size)
{
    char text[128] = "";
    int fd = open("/sys/class/tty/console/active", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : 0;
    if (fd >= 0) {
        close(fd);
    }
    text[n > 0 ? n : 0] = '\0';
    text[strcspn(text, "\n")] = '\0';
    const char *last = strrchr(text, ' ');
    last = last != NULL ? last + 1 : text;
    snprintf(path, size, "/dev/%s", last[0] != '\0' ? last : "console");
}

/* As a terminal is after login: whatever the shell that died left behind. */
static void make_sane(int fd)
{
    struct termios t;
    if (tcgetattr(fd, &t) != 0) {
        return;
    }
    t.c_iflag = ICRNL | IXON;
    t.c_oflag = OPOST | ONLCR;
    t.c_lflag = ICANON | ECHO | ECHOE | ECHOK | ISIG | IEXTEN;
    t.c_cflag |= CREAD | CLOCAL;
    tcsetattr(fd, TCSADRAIN, &t);
}

void init_console(const struct config *cfg)
{
    char path[160];
    console_tty(path, sizeof path);
    setsid();
    int fd = open(path, O_RDWR);
    if (fd < 0) {
        init_say("console: %s cannot be opened", path);
        _exit(1);
    }
    ioctl(fd, TIOCSCTTY, 1);
    make_sane(fd);
    dup2(fd, STDIN_FILENO);
    dup2(fd, STDOUT_FILENO);
    dup2(fd, STDERR_FILENO);
    if (fd > STDERR_FILENO) {
        close(fd);
    }
    setenv("TERM", "vt100", 1);
    execl("/proc/self/exe", "sluice", "shell", "-s", INIT_SOCKET, (char *)NULL);
    _exit(127);
}
