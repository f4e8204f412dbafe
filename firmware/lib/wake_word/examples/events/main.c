/* Prints the keywords in a recording: sample, seconds, keyword, score.
 *
 *   events [FILE [CHUNK]]
 *
 * FILE is a wav of 16-bit mono samples at 16 kHz, or the bare samples; without one, or for -, they come from standard
 * input. CHUNK is how many are pushed at once; it changes nothing but the time. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wake_word.h"

#define LARGEST_CHUNK 16000

static unsigned char bytes[2 * LARGEST_CHUNK];
static int16_t pcm[LARGEST_CHUNK];

static uint32_t number(const unsigned char *at, int count) {
  uint32_t value = 0;
  for (int i = count - 1; i >= 0; i--) {
    value = value << 8 | at[i];
  }
  return value;
}

static int is_fitting(const unsigned char *format) {
  const uint32_t is_pcm = number(format, 2) == 1, channels = number(format + 2, 2), bits = number(format + 14, 2);
  return is_pcm && channels == 1 && bits == 16 && number(format + 4, 4) == WAKE_WORD_SAMPLE_RATE;
}

/* Reads a wav's header up to its samples. Gives their bytes; 0 for a wav that is none or of another format. */
static uint32_t skip_header(FILE *file) {
  unsigned char head[8], format[16];
  int fits = 0;
  while (fread(head, 1, 8, file) == 8) {
    uint32_t left = number(head + 4, 4);
    if (memcmp(head, "data", 4) == 0) {
      return fits ? left : 0;
    }
    if (memcmp(head, "fmt ", 4) == 0 && left >= 16 && fread(format, 1, 16, file) == 16) {
      left -= 16;
      fits = is_fitting(format);
    }
    for (left += left & 1; left > 0 && fgetc(file) != EOF; left--) {
    }
  }
  return 0;
}

static void listen(size_t count) {
  const int16_t *at = pcm;
  wake_word_event_t event;
  while (wake_word_push(&at, &count, &event) == WAKE_WORD_EVENT) {
    const unsigned long sample = (unsigned long)event.sample;
    printf("%lu\t%.2f\t%s\t%.9g\n", sample, (double)sample / WAKE_WORD_SAMPLE_RATE, event.name, (double)event.score);
    fflush(stdout);
  }
}

/* Listens to at most `left` bytes, of which `bytes` holds the first already. */
static void listen_to(FILE *file, size_t held, size_t left, size_t chunk) {
  left -= held;
  for (;;) {
    if (held < 2 * chunk) {
      const size_t room = 2 * chunk - held, got = fread(bytes + held, 1, left < room ? left : room, file);
      held += got;
      left -= got;
    }
    const size_t count = held / 2 < chunk ? held / 2 : chunk;
    if (count == 0) {
      return;
    }
    for (size_t i = 0; i < count; i++) {
      pcm[i] = (int16_t)number(bytes + 2 * i, 2);
    }
    held -= 2 * count;
    memmove(bytes, bytes + 2 * count, held);
    listen(count);
  }
}

int main(int argc, char **argv) {
  const int from_file = argc > 1 && strcmp(argv[1], "-") != 0;
  const long chunk = argc > 2 ? strtol(argv[2], NULL, 10) : 160;
  FILE *file = from_file ? fopen(argv[1], "rb") : stdin;
  if (file == NULL || chunk < 1 || chunk > LARGEST_CHUNK) {
    fprintf(stderr, "usage: events [FILE [CHUNK]], CHUNK from 1 to %d\n", LARGEST_CHUNK);
    return 2;
  }
  size_t held = fread(bytes, 1, 12, file), size = (size_t)-1;
  if (held == 12 && memcmp(bytes, "RIFF", 4) == 0 && memcmp(bytes + 8, "WAVE", 4) == 0) {
    held = 0;
    size = skip_header(file);
    if (size == 0) {
      fprintf(stderr, "not a wav of 16-bit mono samples at %d Hz, or an empty one\n", WAKE_WORD_SAMPLE_RATE);
      return 1;
    }
  }
  wake_word_init();
  listen_to(file, held, size, (size_t)chunk);
  return 0;
}
