/* SPDX-License-Identifier: Apache-2.0 */
/* Connector/C without prepared statements: stands in for mariadb_stmt.c and ma_stmt_codec.c. */

/*
 * Nothing here uses prepared statements, but the library's tables of functions name them all, so
 * that they would cost 30 KB. These names only satisfy the linker; a call is a mistake in the
 * program and ends it. The prototypes are left out on purpose: no arguments are looked at.
 */
#include <stdlib.h>

/* As if it had been done: mysql_server_init() then does not try. */
char mysql_ps_subsystem_initialized = 1;

void *no_statements(void);
void *no_statements(void)
{
    abort();
}

#define NONE(name) void *name(void) __attribute__((alias("no_statements")))

NONE(ma_stmt_execute_generate_request);
NONE(mariadb_stmt_execute_direct);
NONE(mariadb_stmt_fetch_fields);
NONE(mthd_stmt_fetch_row);
NONE(mthd_stmt_fetch_to_bind);
NONE(mthd_stmt_flush_unbuffered);
NONE(mthd_stmt_get_param_metadata);
NONE(mthd_stmt_get_result_metadata);
NONE(mthd_stmt_read_all_rows);
NONE(mthd_stmt_read_execute_response);
NONE(mthd_stmt_read_prepare_response);
NONE(mthd_supported_buffer_type);
NONE(mysql_init_ps_subsystem);
NONE(mysql_stmt_affected_rows);
NONE(mysql_stmt_attr_get);
NONE(mysql_stmt_attr_set);
NONE(mysql_stmt_bind_param);
NONE(mysql_stmt_bind_result);
NONE(mysql_stmt_close);
NONE(mysql_stmt_data_seek);
NONE(mysql_stmt_errno);
NONE(mysql_stmt_error);
NONE(mysql_stmt_execute);
NONE(mysql_stmt_fetch);
NONE(mysql_stmt_fetch_column);
NONE(mysql_stmt_field_count);
NONE(mysql_stmt_free_result);
NONE(mysql_stmt_init);
NONE(mysql_stmt_insert_id);
NONE(mysql_stmt_more_results);
NONE(mysql_stmt_next_result);
NONE(mysql_stmt_num_rows);
NONE(mysql_stmt_param_count);
NONE(mysql_stmt_param_metadata);
NONE(mysql_stmt_prepare);
NONE(mysql_stmt_reset);
NONE(mysql_stmt_result_metadata);
NONE(mysql_stmt_row_seek);
NONE(mysql_stmt_row_tell);
NONE(mysql_stmt_send_long_data);
NONE(mysql_stmt_sqlstate);
NONE(mysql_stmt_store_result);
NONE(stmt_set_error);

/* The one function that others need: a length as the protocol writes it, in 1, 3, 4 or 9 bytes. */
unsigned char *mysql_net_store_length(unsigned char *to, unsigned long long length);
unsigned char *mysql_net_store_length(unsigned char *to, unsigned long long length)
{
    int bytes = length < 251 ? 0 : length < 0x10000 ? 2 : length < 0x1000000 ? 3 : 8;

    if (bytes == 0) {
        *to++ = (unsigned char)length;
        return to;
    }
    *to++ = bytes == 2 ? 252 : bytes == 3 ? 253 : 254;
    for (int i = 0; i < bytes; i++) {
        *to++ = (unsigned char)(length >> (8 * i));
    }
    return to;
}
