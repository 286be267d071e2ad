/* SPDX-License-Identifier: Apache-2.0 */
/* The structures of FORMAT.md in memory, and their way to and from bytes. */
#ifndef APP_STORE_FORMAT_H
#define APP_STORE_FORMAT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "app/store/store.h"
#include "base/err.h"

enum {
    FORMAT_VERSION = 1,
    ALIGN_MIN = 64,
    ALIGN_LIMIT = 16384, /* a larger program unit would make every flush too dear */
    SUPER_SIZE = 512,    /* each rounded up to ALIGN */
    HEADER_SIZE = 1024,
    SEAL_SIZE = 128,
    FRAME_HEADER = 48,
    DIGEST_SIZE = 32,
    SLOTS_MIN = 8,
};

#define NO_BOUNDARY 0xffffffffu
#define OFFSET_MAX ((UINT64_C(1) << 62) - 1) /* of a file; the index needs two bits */
#define SUPER_MAGIC "SLUICEsb"
#define MAGIC_SIZE 8

enum segment_flags {
    PREV_HAS_CUT = 1,
    PREV_UNSEALED = 2,
    FILE_CURRENT = 4,
    FILE_COMPLETE = 8,
    NO_DIGEST = 16,
};

enum frame_type {
    FRAME_DATA = 1,
    FRAME_FILE = 2,
    FRAME_END = 3,
    FRAME_CUT = 4,
    FRAME_RELEASE = 5,
    FRAME_PAD = 6,
};

struct super {
    uint32_t align;
    uint8_t uuid[16];
    uint32_t segment_size;
    uint32_t slots;
    uint32_t erase_size;
    uint32_t program_size;
    uint32_t frame_size; /* the longest frame, PAD aside; a multiple of align */
    uint64_t device_size;
};

struct seg_header {
    uint32_t flags; /* enum segment_flags */
    uint64_t seq;
    uint32_t slot;
    uint32_t nonce;
    uint8_t prev_digest[DIGEST_SIZE];
    uint32_t prev_end;
    uint32_t fileno;
    uint64_t offset;
    uint64_t boundary;
    uint32_t time;
    uint32_t released_fileno;
    uint64_t first_live;
    uint64_t released_offset;
    uint64_t total;
    char source[STORE_SOURCE_MAX + 1];
    char file[STORE_NAME_MAX + 1];
    char released_file[STORE_NAME_MAX + 1];
    uint32_t crc; /* of the area; set by both encode and decode */
    bool mended;  /* not from flash, where it is damaged: from what lies around it */
};

struct frame {
    uint8_t type;
    uint8_t lot; /* low byte of the current file's number */
    uint16_t session;
    uint32_t len;
    uint32_t boundary;
    uint64_t offset;
    uint32_t durable;
    uint32_t prev;
    uint32_t at;
    uint32_t time;
    uint32_t payload_crc;
    uint32_t crc; /* of the header; set by both encode and decode */
};

struct seal {
    uint32_t flags;
    uint64_t seq;
    uint32_t end;
    uint32_t frames;
    uint64_t content;
    uint64_t offset;
    uint32_t fileno;
    uint32_t durable;
    uint32_t prev;
    uint32_t session;
    uint8_t digest[DIGEST_SIZE];
};

/* A FILE frame's payload; RELEASE uses fileno, file, and first_live. */
struct frame_names {
    uint64_t first_live;
    uint32_t fileno;
    char source[STORE_SOURCE_MAX + 1];
    char file[STORE_NAME_MAX + 1];
};

enum { NAMES_MAX = 12 + 1 + STORE_SOURCE_MAX + 1 + STORE_NAME_MAX };

static inline uint64_t round_up(uint64_t value, uint64_t to)
{
    return (value + to - 1) / to * to;
}

/* All encoders fill the whole area of `size` bytes (0xFF where nothing is said). */
void super_encode(const struct super *sb, uint8_t *area, size_t size);
/* OK, ERR_FOREIGN (no magic), ERR_CORRUPT (magic, but bad checksum or nonsense), ERR_VERSION. */
int super_decode(struct super *sb, const uint8_t *area, size_t size);

void seg_header_encode(struct seg_header *h, const struct super *sb, uint8_t *area, size_t size);
bool seg_header_decode(struct seg_header *h, const struct super *sb, const uint8_t *area,
                       size_t size);

/* What a segment's frame and seal checksums start from. */
uint32_t segment_seed(const struct super *sb, uint64_t seq);

void frame_encode(struct frame *f, uint32_t seed, uint8_t bytes[FRAME_HEADER]);
bool frame_decode(struct frame *f, uint32_t seed, const uint8_t bytes[FRAME_HEADER]);

void seal_encode(const struct seal *s, uint32_t seed, uint8_t *area, size_t size);
bool seal_decode(struct seal *s, uint32_t seed, const uint8_t *area, size_t size);

/* Return the payload's length. */
size_t file_payload(const struct frame_names *n, uint8_t bytes[NAMES_MAX]);
size_t release_payload(const struct frame_names *n, uint8_t bytes[NAMES_MAX]);
bool file_parse(struct frame_names *n, const uint8_t *bytes, size_t len);
bool release_parse(struct frame_names *n, const uint8_t *bytes, size_t len);

#endif
