/* One model's listener behind three calls, for cffi. */
#include "host_listener.h"

#include <string.h>

#include "kws_frontend.h"
#include "kws_model.h"
#include "listener.h"
#include "listener_network.h"

static listener_t listener;
static float memory[LISTENER_MEMORY(KWS_LABELS, KWS_SMOOTHING_FRAMES)];
static float thresholds[KWS_LABELS];
static detector_config_t detector;

static const listener_config_t config = {.frontend = &kws_frontend,
                                         .detector = &detector,
                                         .step = listener_network_step,
                                         .model = &kws_network,
                                         .warm_up = KWS_INPUTS / KWS_BANDS};

void host_listener_start(const float *wanted) {
  detector = kws_detector;
  if (wanted) {
    memcpy(thresholds, wanted, sizeof thresholds);
    detector.thresholds = thresholds;
  }
  dynq_network_reset(&kws_network);
  listener_init(&listener, &config, memory);
}

void host_listener_push(const int16_t *pcm, size_t count, host_step_t *steps, float *scores, size_t *step_count) {
  detection_t event;
  const char *problem;
  *step_count = 0;
  for (;;) {
    const listener_result_t result = listener_push(&listener, &pcm, &count, &event, &problem);
    if (result == LISTENER_WANTS_MORE) {
      return;
    }
    const bool scored = listener_detector_is_full(&listener.detector);
    steps[*step_count] = (host_step_t){
        .sample = listener.samples, .scored = scored, .event = result == LISTENER_DETECTED ? event.label : -1};
    if (scored) {
      memcpy(scores + *step_count * KWS_LABELS, listener.detector.scores, KWS_LABELS * sizeof *scores);
    }
    (*step_count)++;
  }
}
