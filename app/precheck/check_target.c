/* SPDX-License-Identifier: Apache-2.0 */
/* The target: its kind, room and replicas. */
#include "app/precheck/checks.h"

void check_aliyun_target(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_target_empty(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_capacity(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}

void check_target_replicas(const struct facts *f, struct finding *out)
{
    finding_add(out, VERDICT_UNKNOWN, NULL, "not written");
}
