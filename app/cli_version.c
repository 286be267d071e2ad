/* SPDX-License-Identifier: Apache-2.0 */
/* `sluice version`. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "app/cli.h"
#include "version.h"

int cli_version(int argc, char **argv)
{
    bool json = argc == 2 && strcmp(argv[1], "--json") == 0;
    if (argc > 1 && !json) {
        fprintf(stderr, "usage: sluice version [--json]\n");
        return CLI_USAGE;
    }
    printf(json ? "{\"version\":\"%s\",\"build\":\"%s\"}\n" : "sluice %s (%s)\n",
           SLUICE_VERSION, SLUICE_COMMIT);
    return CLI_YES;
}
