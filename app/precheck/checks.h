/* SPDX-License-Identifier: Apache-2.0 */
/* The checks' functions, one family of checks in each file; checks.c is the table. */
#ifndef APP_PRECHECK_CHECKS_H
#define APP_PRECHECK_CHECKS_H

#include "app/precheck/judge.h"

/* check_connect.c */
void check_source_connect(const struct facts *f, struct finding *out);
void check_source_query(const struct facts *f, struct finding *out);
void check_target_query(const struct facts *f, struct finding *out);

/* check_privileges.c */
void check_privileges(const struct facts *f, struct finding *out);

/* check_binlog.c: what the variables say */
void check_binlog_on(const struct facts *f, struct finding *out);
void check_binlog_format(const struct facts *f, struct finding *out);
void check_row_image(const struct facts *f, struct finding *out);
void check_row_options(const struct facts *f, struct finding *out);
void check_checksum(const struct facts *f, struct finding *out);
void check_binlog_compression(const struct facts *f, struct finding *out);
void check_binlog_encryption(const struct facts *f, struct finding *out);

/* check_history.c: what files there are, for how long, and what is missing from them */
void check_binlog_filter(const struct facts *f, struct finding *out);
void check_binlog_retention(const struct facts *f, struct finding *out);
void check_big_files(const struct facts *f, struct finding *out);

/* check_wire.c: what the binlog really holds */
void check_on_wire(const struct facts *f, struct finding *out);

/* check_identity.c */
void check_gtid(const struct facts *f, struct finding *out);
void check_gtid_consistency(const struct facts *f, struct finding *out);
void check_server_id(const struct facts *f, struct finding *out);

/* check_compat.c: versions and settings */
void check_compatible(const struct facts *f, struct finding *out);
void check_stats_on_metadata(const struct facts *f, struct finding *out);

/* check_settings.c: settings that should be equal */
void check_packet_size(const struct facts *f, struct finding *out);
void check_settings_equal(const struct facts *f, struct finding *out);
void check_auto_increment(const struct facts *f, struct finding *out);

/* check_target.c: the target's kind and room */
void check_aliyun_target(const struct facts *f, struct finding *out);
void check_target_empty(const struct facts *f, struct finding *out);
void check_capacity(const struct facts *f, struct finding *out);

/* check_replication.c: servers that are replicas themselves */
void check_target_replicas(const struct facts *f, struct finding *out);
void check_log_slave_updates(const struct facts *f, struct finding *out);

/* check_load.c: clocks and connections */
void check_clock(const struct facts *f, struct finding *out);
void check_connections(const struct facts *f, struct finding *out);

/* check_objects.c: the names of the task's tables */
void check_objects_exist(const struct facts *f, struct finding *out);
void check_database_clash(const struct facts *f, struct finding *out);
void check_table_clash(const struct facts *f, struct finding *out);
void check_foreign_keys(const struct facts *f, struct finding *out);

/* check_tables.c: what the tables are made of */
void check_engines(const struct facts *f, struct finding *out);
void check_fixed_rows(const struct facts *f, struct finding *out);
void check_tokudb_compression(const struct facts *f, struct finding *out);
void check_tokudb_clustering(const struct facts *f, struct finding *out);
void check_column_types(const struct facts *f, struct finding *out);
void check_primary_keys(const struct facts *f, struct finding *out);

/* check_programs.c: what runs inside the server */
void check_cascades(const struct facts *f, struct finding *out);
void check_triggers(const struct facts *f, struct finding *out);
void check_events(const struct facts *f, struct finding *out);
void check_definers(const struct facts *f, struct finding *out);

/* check_input.c: what the config says */
void check_input(const struct facts *f, struct finding *out);
void check_rule_set(const struct facts *f, struct finding *out);

#endif
