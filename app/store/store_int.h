/* SPDX-License-Identifier: Apache-2.0 */
/* The store's inside: its state, and what its parts offer one another. */
#ifndef APP_STORE_STORE_INT_H
#define APP_STORE_STORE_INT_H

#include <blake3.h>
#include <pthread.h>

#include "app/store/format.h"

enum { CURSORS = 4, DAMAGE_NOTES = 16, MENDED_MAX = 8 };

/* Index entry of one slot. Valid for seq s if seq_low == (uint32_t)s; the slot itself follows from
 * s. The top bits of `start` say that the segment before holds a CUT, or was left unsealed. */
struct slot {
    uint64_t start;
    uint32_t fileno;
    uint32_t seq_low;
};

#define SLOT_CUT_BEFORE (UINT64_C(1) << 63)
#define SLOT_UNSEALED_BEFORE (UINT64_C(1) << 62)

struct cut {
    uint64_t seq;
    uint64_t offset;
    uint32_t fileno;
    uint32_t at;
};

/* A walk over one segment's frames: what is known in front of the frame at `at`. */
struct walk {
    uint64_t seq;
    uint32_t seed;
    uint32_t at;
    uint32_t end;   /* frames end here at the latest */
    uint32_t prev;  /* what the next frame's prev must be, unless `gap` */
    uint16_t session;
    bool gap;       /* behind damage: prev and offset are not known */
    bool complete;
    uint32_t fileno; /* 0: no file yet */
    uint64_t offset; /* where the next content byte goes */
    uint64_t content; /* bytes in the frames passed */
    uint64_t boundary;
    uint32_t time;
};

struct cursor {
    struct walk walk; /* seq 0: unused */
    uint64_t run_seq; /* where the run of content without cuts begins */
    uint32_t run_at;
    uint32_t used;
};

struct damage_note {
    uint32_t fileno;
    uint64_t from, to;
};

struct store {
    struct flash *flash;
    struct super super;
    bool read_only, no_digest;
    pthread_mutex_t lock;

    /* layout, from the superblock */
    uint64_t base;      /* device offset of slot 0 */
    uint32_t hdr_area;  /* bytes; frames start here */
    uint32_t seal_at;   /* segment offset; frames end here */
    uint32_t seal_area; /* bytes */
    uint32_t frame_max; /* bytes of the longest frame, a multiple of align */

    struct slot *slots;
    uint64_t newest; /* 0: no segment yet */
    uint64_t first_live;
    uint32_t first_fileno; /* oldest file with readable bytes; fileno + 1 if there is none */
    struct store_pos first;

    /* the newest segment */
    uint32_t tail;    /* where the next frame goes */
    uint32_t prev;    /* header CRC of the last frame */
    uint16_t session;
    uint32_t durable; /* synced up to here */
    uint32_t frames;
    uint64_t seg_content;
    bool sealed;
    bool must_roll; /* nothing more may be programmed into it */
    bool has_cut;
    blake3_hasher hasher;
    uint8_t digest[DIGEST_SIZE]; /* of a sealed or abandoned newest segment */

    /* the stream; `end` and `boundary` as programmed */
    uint32_t fileno; /* 0: none */
    bool complete;
    char file[STORE_NAME_MAX + 1];
    char source[STORE_SOURCE_MAX + 1];
    uint64_t end;
    uint64_t boundary;
    uint32_t boundary_time;
    uint64_t total;
    bool unsynced;

    /* what may be reported */
    uint32_t committed_fileno;
    struct store_pos committed;
    uint32_t committed_time;

    uint32_t released_fileno; /* 0: nothing released */
    struct store_pos released;
    uint64_t first_total; /* `total` at the start of first_live */

    /* the append buffer: header and payload of the next frame begin at `start` */
    uint8_t *buf;
    size_t start;
    size_t fill; /* content bytes; written by the writer only, atomically */
    bool commit_set;
    size_t commit_fill;
    uint32_t commit_time;

    struct cut cuts[CONFIG_STORE_CUTS_MAX];
    size_t cut_count;
    struct damage_note notes[DAMAGE_NOTES];
    size_t note_count;
    struct seg_header mended[MENDED_MAX]; /* seq 0: none */
    bool full;
    bool failed; /* a write failed: the device's state is unknown until it is opened again */

    /* reading: one frame, and which one it is */
    uint8_t *rbuf;
    uint64_t rbuf_seq; /* 0: nothing */
    struct frame rbuf_frame;
    uint32_t rbuf_fileno;
    struct cursor cursors[CURSORS];
    uint32_t cursor_clock;

    uint8_t *meta;      /* for headers, seals, small frames; not for walks' callers */
    size_t meta_size;
};

/* ---- super.c ---- */

/* Finds and checks the superblock, or formats a blank device. */
int super_open(struct flash *f, const struct store_options *opt, struct super *sb, bool *formatted,
               struct errmsg *why);
/* Checks both copies; calls for each bad one with its device offset. */
int super_check(struct flash *f, const struct super *sb, uint8_t *buf, bool bad[2],
                struct errmsg *why);
static inline uint64_t super_offset(const struct super *sb, int copy)
{
    return (uint64_t)copy * sb->erase_size;
}

/* ---- segment.c: writing. All with the lock held. ---- */

uint64_t seg_base(const struct store *s, uint64_t seq);
bool slot_holds(const struct store *s, uint64_t seq);
struct slot *slot_of(const struct store *s, uint64_t seq);
static inline uint64_t slot_start(const struct slot *slot)
{
    return slot->start & OFFSET_MAX;
}
/* A frame whose payload of len bytes lies FRAME_HEADER behind buf; buf has room for the padding. */
int seg_frame(struct store *s, uint8_t *buf, struct frame *f, struct errmsg *why);
/* Makes room for a frame of `need` bytes (header included, unpadded): opens a segment if needed.
 * `reserve`: the last free slot may be taken. */
int seg_room(struct store *s, size_t need, bool reserve, struct errmsg *why);
/* Everything of frame type `type` but DATA: from names/offset/boundary. */
int seg_meta(struct store *s, uint8_t type, uint64_t offset, uint32_t boundary,
             const struct frame_names *names, bool reserve, struct errmsg *why);
int seg_sync(struct store *s, struct errmsg *why);

/* ---- walk.c ---- */

/* Reads segment seq's header; ERR_CORRUPT if it is not valid. */
int seg_header_read(struct store *s, uint64_t seq, struct seg_header *h, struct errmsg *why);
/* Where segment seq's frames end at the latest. */
int seg_end(struct store *s, uint64_t seq, uint32_t *end, struct errmsg *why);
int walk_open(struct store *s, struct walk *w, uint64_t seq, struct seg_header *h,
              struct errmsg *why);
/* The frame at w->at: 1 valid and fits, 0 no such frame, negative: I/O. Does not move. */
int walk_peek(struct store *s, const struct walk *w, struct frame *f, struct errmsg *why);
void walk_apply(const struct store *s, struct walk *w, const struct frame *f);
/* From w->at + align on: moves to the next thing that is a frame of this segment; 1 or 0. */
int walk_resync(struct store *s, struct walk *w, struct frame *f, struct errmsg *why);
/* Reads the whole frame at w->at into s->rbuf and checks it: 1 good, 0 bad. */
int walk_load(struct store *s, const struct walk *w, const struct frame *f, struct errmsg *why);
uint32_t frame_size(const struct store *s, const struct frame *f);

struct behind {
    uint32_t durable; /* the most any valid frame or seal from there on says */
    uint32_t session; /* the highest session + 1; 0: no valid frame */
    bool erased;      /* all 0xFF */
    uint32_t end; /* behind the last valid frame; where it must be erased, the last other byte */
};
/* Looks at everything from segment offset `from` to the segment's end. */
int scan_behind(struct store *s, uint64_t seq, uint32_t from, struct behind *b,
                struct errmsg *why);
/* The frame at `at` did not fit. Is that where the segment's frames may legally end? 1 yes, 0 no.
 */
int walk_ends(struct store *s, const struct walk *w, struct errmsg *why);

/* ---- recover.c ---- */
int recover(struct store *s, struct store_report *report, struct errmsg *why);
void note_damage(struct store *s, uint32_t fileno, uint64_t from, uint64_t to);

/* ---- read.c, files.c; with the lock held ---- */

/* Reads what one frame holds at (fileno, offset), at most len and below limit. *got 0: the end.
 * On ERR_CORRUPT *bad (may be NULL) tells where. */
int read_step(struct store *s, uint32_t fileno, uint64_t offset, uint64_t limit, void *buf,
              size_t len, size_t *got, struct store_finding *bad, struct errmsg *why);
/* Forgets what readers remember (after a cut). */
void read_forget(struct store *s);
int file_find(struct store *s, const char *name, uint32_t *fileno, struct errmsg *why);
int file_info(struct store *s, uint32_t fileno, struct store_file *out, struct errmsg *why);
int first_refresh(struct store *s, struct errmsg *why);
/* Walks segment `seq` to the FILE frame with number `fileno`. *end is the walk in front of it, or
 * where the segment ends (`gap`: with damage before). 1 found (it is in s->rbuf), 0 not there. */
int find_file_frame(struct store *s, uint64_t seq, uint32_t fileno, struct walk *end,
                    struct frame *f, struct errmsg *why);

/* ---- hole.c; with the lock held ---- */

/* The header made anew of a segment whose own is damaged; NULL if there is none. */
const struct seg_header *mended_header(const struct store *s, uint64_t seq);
/* Makes the header of segment `seq` anew, if its first frame is good and fits what lies around it;
 * it is then in the index as if it were on flash. 1 done, 0 it cannot be. */
int mend_header(struct store *s, uint64_t seq, struct errmsg *why);

/* Lost segments in a row, and the content that went with them, as far as the neighbours tell. */
struct hole {
    uint64_t first_seq, last_seq;
    uint32_t first_fileno, last_fileno; /* all files from the one to the other are touched */
    bool first_whole;                   /* but the first, of which nothing is missing */
    bool cut;                           /* bytes of the first file from `from` on may be void */
    uint64_t from, to;                  /* in the first file; `to` at the most */
    uint64_t begin, end;                /* in the last one, if it is another */
    uint64_t bytes;                     /* lost, at the most */
};

void hole_find(struct store *s, uint64_t seq, struct hole *hole);
/* What of file number `fileno` is in the hole. False: nothing. */
bool hole_part(const struct hole *hole, uint32_t fileno, uint64_t *from, uint64_t *to);

/* append.c */
int add_cut(struct store *s, uint32_t fileno, uint64_t offset, uint64_t seq, uint32_t at,
            struct errmsg *why);
void committed_update(struct store *s);

#endif
