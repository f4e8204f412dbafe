#include "wake_word.h"

#include "kws_frontend.h"
#include "kws_model.h"
#include "listener.h"
#include "listener_network.h"

static listener_t listener;
static float memory[LISTENER_MEMORY(KWS_LABELS, KWS_SMOOTHING_FRAMES)];

static const listener_config_t config = {.frontend = &kws_frontend,
                                         .detector = &kws_detector,
                                         .step = listener_network_step,
                                         .model = &kws_network,
                                         .warm_up = KWS_INPUTS / KWS_BANDS};

/* Labels beside keywords, such as silence, have a threshold that no score reaches. */
static bool is_keyword(uint16_t label) {
  return kws_detector.thresholds[label] <= 1.0f;
}

static uint16_t keywords_below(uint16_t label) {
  uint16_t count = 0;
  for (uint16_t i = 0; i < label; i++) {
    count = (uint16_t)(count + is_keyword(i));
  }
  return count;
}

void wake_word_init(void) {
  dynq_network_reset(&kws_network);
  listener_init(&listener, &config, memory);
}

void wake_word_reset(void) {
  const uint64_t samples = listener.samples;
  wake_word_init();
  listener.samples = samples;
}

wake_word_result_t wake_word_push(const int16_t **pcm, size_t *count, wake_word_event_t *event) {
  if (listener.config == NULL) {
    return WAKE_WORD_ERROR;
  }
  const char *problem; /* this network has none */
  detection_t found;
  listener_result_t result;
  do {
    result = listener_push(&listener, pcm, count, &found, &problem);
  } while (result == LISTENER_STEPPED);
  if (result != LISTENER_DETECTED) {
    return WAKE_WORD_MORE;
  }
  *event = (wake_word_event_t){.keyword = keywords_below(found.label),
                               .name = kws_model.labels[found.label],
                               .score = found.score,
                               .sample = found.sample};
  return WAKE_WORD_EVENT;
}

uint16_t wake_word_count(void) {
  return keywords_below(KWS_LABELS);
}

const char *wake_word_name(uint16_t keyword) {
  for (uint16_t label = 0; label < KWS_LABELS; label++) {
    if (is_keyword(label) && keyword-- == 0) {
      return kws_model.labels[label];
    }
  }
  return NULL;
}
