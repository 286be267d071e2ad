/* SPDX-License-Identifier: Apache-2.0 */
/* The checks' functions, one family of checks in each file; checks.c is the table. */
#ifndef APP_PRECHECK_CHECKS_H
#define APP_PRECHECK_CHECKS_H

#include "app/precheck/judge.h"

/* check_connect.c */
void check_source_connect(const struct facts *f, struct finding *out);
void check_source_query(const struct facts *f, struct finding *out);
void check_target_query(const struct facts *f, struct finding *out);

/* check_binlog.c */
void check_binlog_on(const struct facts *f, struct finding *out);
void check_binlog_format(const struct facts *f, struct finding *out);
void check_row_image(const struct facts *f, struct finding *out);
void check_checksum(const struct facts *f, struct finding *out);

/* check_identity.c */
void check_gtid(const struct facts *f, struct finding *out);
void check_server_id(const struct facts *f, struct finding *out);

/* check_compat.c */
void check_compatible(const struct facts *f, struct finding *out);
void check_stats_on_metadata(const struct facts *f, struct finding *out);

/* check_input.c */
void check_input(const struct facts *f, struct finding *out);

#endif
