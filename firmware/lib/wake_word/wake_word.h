/* A wake-word spotter: 16-bit audio in, events out, the model inside.
 *
 * There is one listener, for one stream of audio. All its memory is static, nothing is allocated, nothing is printed.
 * Call it from one thread: not from an interrupt, where a step of the network would take too long. */
#ifndef WAKE_WORD_H_
#define WAKE_WORD_H_

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define WAKE_WORD_SAMPLE_RATE 16000 /* samples a second, mono, signed 16 bits */

typedef struct {
  uint16_t keyword; /* 0 .. wake_word_count() - 1 */
  const char *name; /* of the keyword, UTF-8 */
  float score;      /* smoothed, from the keyword's threshold up to 1 */
  uint64_t sample;  /* end of the audio that was heard, in samples since wake_word_init */
} wake_word_event_t;

typedef enum {
  WAKE_WORD_ERROR = -1, /* wake_word_init has not been called */
  WAKE_WORD_MORE = 0,   /* the chunk is used up */
  WAKE_WORD_EVENT = 1   /* `event` was filled in; call again for the rest of the chunk */
} wake_word_result_t;

/* Starts listening, with sample 0. */
void wake_word_init(void);

/* Forgets what was heard: for a gap in the audio. Samples go on being counted. */
void wake_word_reset(void);

/* Consumes from *pcm (advancing it and *count) until a keyword was heard or the chunk is used up. How audio is cut into
 * chunks changes nothing. */
wake_word_result_t wake_word_push(const int16_t **pcm, size_t *count, wake_word_event_t *event);

/* How many keywords there are, and what one is called; NULL for a number that none has. */
uint16_t wake_word_count(void);
const char *wake_word_name(uint16_t keyword);

#ifdef __cplusplus
}
#endif
#endif
