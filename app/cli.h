/* SPDX-License-Identifier: Apache-2.0 */
/* The commands of the program on a host; each returns the exit status. */
#ifndef APP_CLI_H
#define APP_CLI_H

#define CLI_YES 0     /* yes, done */
#define CLI_NO 1      /* the answer is no: a check failed, a store is damaged */
#define CLI_USAGE 2   /* wrong usage or config */
#define CLI_NO_APP 3  /* no running appliance could be reached */

/* argv[0] is the command's name. */
int cli_precheck(int argc, char **argv);
int cli_run(int argc, char **argv);
int cli_shell(int argc, char **argv);
int cli_config(int argc, char **argv);
int cli_store(int argc, char **argv);
int cli_passwd(int argc, char **argv);
int cli_version(int argc, char **argv);

#endif
