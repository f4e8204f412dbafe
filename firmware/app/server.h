/* Answers the protocol's commands (docs/protocol.md). */
#ifndef SERVER_H_
#define SERVER_H_

#include <stdbool.h>
#include <stdint.h>

#include "clock.h"
#include "kws_model.h"
#include "output.h"
#include "protocol.h"
#include "stream.h"

enum {
  SERVER_PCM_BYTES = 4 + 2 * PROTOCOL_PCM_SAMPLES,
  SERVER_FRAME_BYTES = PROTOCOL_FRAME_OVERHEAD + (KWS_INPUTS > SERVER_PCM_BYTES ? KWS_INPUTS : SERVER_PCM_BYTES),
};

/* Listening by the board's own microphone, since the start of it. */
typedef struct {
  bool on;
  uint64_t started;     /* where the clock was */
  uint64_t idle_before; /* what `idle` was */
  uint64_t elapsed;     /* ticks, up to where they were asked for or to the stop */
  uint64_t active;      /* of them, those in which there was something to do */
  uint64_t lost;        /* samples that came faster than they were taken */
  uint64_t flat;        /* newest samples that have one value */
  int16_t value;
  uint64_t lit_until; /* sample that ends the LED's light */
} server_microphone_t;

typedef struct {
  output_t out;
  clock_time_t *clock;
  bool (*interrupted)(void);         /* whether a byte waits: ends a long `infer` */
  const protocol_command_t *command; /* that is being answered */
  uint32_t build_crc;                /* of the build hash: every result names the firmware it came from */

  int8_t features[KWS_INPUTS]; /* the input, or while `live` the rows of the stream */
  bool live;                   /* the features and the engine are the stream's */
  uint32_t features_crc;
  uint32_t expected; /* bytes of the download in progress, 0 when there is none */
  uint32_t received;
  bool loaded;

  float logits[KWS_LABELS];
  uint32_t logits_crc;   /* features_crc that they belong to */
  uint32_t logits_ticks; /* of that inference */
  bool inferred;

  stream_t stream;

  server_microphone_t microphone;
  uint64_t idle; /* ticks since the start in which there was nothing to do but to wait */
} server_t;

void server_init(server_t *server, output_write_t write, clock_time_t *clock, bool (*interrupted)(void));

/* What the device says at boot; `problem` is why the engine did not start, or NULL. */
void server_banner(server_t *server, const char *problem);

/* Answers one command, m-ready included. */
void server_handle(server_t *server, const protocol_command_t *command);

/* Takes a buffer of the microphone and tells what was heard in it; false when there is none. */
bool server_listen(server_t *server);

#endif
