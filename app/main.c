/* SPDX-License-Identifier: Apache-2.0 */
/* The program's front door: as PID 1 it is the appliance's init, else the first word chooses. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "app/cli.h"
#include "app/task/init.h"

static const struct cli_command {
    const char *name, *args, *help;
    int (*run)(int argc, char **argv); /* argv[0] is the name */
} commands[] = {
    {"precheck", "-c FILE [--json]", "the checks, once (--list: the table, without a server)",
     cli_precheck},
    {"run", "-c FILE [-s SOCKET]", "the appliance in the foreground, until SIGTERM", cli_run},
    {"shell", "[-s SOCKET] [COMMAND…]", "the command shell of a running one", cli_shell},
    {"config", "check FILE", "every mistake as FILE:LINE: KEY: what is wrong, what is allowed",
     cli_config},
    {"store", "list|verify|export|format DEVICE", "work on a flash image or device, offline",
     cli_store},
    {"passwd", "", "make the verifier for [appliance] password", cli_passwd},
    {"version", "", "the version", cli_version},
};

static int usage(FILE *to, int status)
{
    fprintf(to, "Sluice, the MySQL migration appliance. Usage: sluice COMMAND …\n\n");
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        char words[64];
        snprintf(words, sizeof words, "%s %s", commands[i].name, commands[i].args);
        fprintf(to, "  %-40s %s\n", words, commands[i].help);
    }
    fprintf(
        to,
        "\nExit: 0 yes, 1 the answer is no, 2 wrong usage or config, 3 no running appliance.\n");
    return status;
}

int main(int argc, char **argv)
{
    if (getpid() == 1) {
        return init_main();
    }
    if (argc < 2) {
        return usage(stderr, CLI_USAGE);
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        strcmp(argv[1], "help") == 0) {
        return usage(stdout, CLI_YES);
    }
    for (size_t i = 0; i < sizeof commands / sizeof commands[0]; i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            return commands[i].run(argc - 1, argv + 1);
        }
    }
    fprintf(stderr, "sluice: there is no command \"%s\"\n\n", argv[1]);
    return usage(stderr, CLI_USAGE);
}
