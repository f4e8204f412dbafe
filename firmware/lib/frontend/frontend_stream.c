/* Sample and row buffering for live audio. */
#include "frontend.h"

#include <string.h>

void frontend_stream_init(frontend_stream_t *stream, const frontend_config_t *config) {
  stream->config = config;
  stream->skip = 0;
  stream->filled = 0;
}

/* Keeps what the next window shares with this one, and notes how much lies between them when they share nothing. */
static void advance(frontend_stream_t *stream) {
  const uint32_t window = stream->config->window_samples;
  const uint32_t step = (uint32_t)stream->config->hop_samples * stream->config->context_stride;
  const uint32_t kept = step < window ? window - step : 0;
  memmove(stream->pcm, stream->pcm + (window - kept), kept * sizeof stream->pcm[0]);
  stream->filled = (uint16_t)kept;
  stream->skip = step > window ? step - window : 0;
}

bool frontend_stream_push(frontend_stream_t *stream, const int16_t **pcm, size_t *count, int8_t *row) {
  const frontend_config_t *config = stream->config;
  const size_t skipped = *count < stream->skip ? *count : stream->skip;
  stream->skip -= (uint32_t)skipped;
  const size_t wanted = (size_t)config->window_samples - stream->filled;
  const size_t taken = *count - skipped < wanted ? *count - skipped : wanted;
  memcpy(stream->pcm + stream->filled, *pcm + skipped, taken * sizeof stream->pcm[0]);
  stream->filled = (uint16_t)(stream->filled + taken);
  *pcm += skipped + taken;
  *count -= skipped + taken;
  if (stream->filled < config->window_samples)
    return false;

  float power[FRONTEND_MAX_BANDS];
  frontend_power(config, stream->pcm, stream->scratch, power);
  frontend_encode(power, row, config->bands);
  advance(stream);
  return true;
}

void frontend_context_init(frontend_context_t *context, int8_t *rows) {
  context->rows = rows;
  context->filled = 0;
}

bool frontend_context_push(frontend_context_t *context, const frontend_config_t *config, const int8_t *row) {
  const size_t bands = config->bands, frames = config->context_frames;
  memmove(context->rows, context->rows + bands, (frames - 1) * bands);
  memcpy(context->rows + (frames - 1) * bands, row, bands);
  if (context->filled < frames)
    context->filled++;
  return context->filled == frames;
}
