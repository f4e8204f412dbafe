#include "listener.h"

#include "softmax.h"

void listener_init(listener_t *listener, const listener_config_t *config, float *memory) {
  listener->config = config;
  listener->posteriors = memory;
  listener->samples = 0;
  listener->steps = 0;
  frontend_stream_init(&listener->frontend, config->frontend);
  listener_detector_init(&listener->detector, config->detector, memory + config->detector->labels);
  listener_forget(listener);
}

void listener_forget(listener_t *listener) {
  listener_detector_init(&listener->detector, listener->config->detector, listener->detector.scores);
  listener->rows = 0;
}

listener_result_t listener_push(listener_t *listener, const int16_t **pcm, size_t *count, detection_t *event,
                                const char **problem) {
  const listener_config_t *config = listener->config;
  for (;;) {
    int8_t row[FRONTEND_MAX_BANDS];
    bool done;
    const size_t before = *count;
    const bool complete = frontend_stream_push(&listener->frontend, pcm, count, row);
    listener->samples += before - *count;
    if (!complete) {
      return LISTENER_WANTS_MORE;
    }
    if (listener->rows < config->warm_up) {
      listener->rows++;
    }
    *problem = config->step(config->model, row, listener->posteriors, &done);
    if (*problem) {
      return LISTENER_FAILED;
    }
    if (done && listener->rows >= config->warm_up) {
      listener->steps++;
      listener_softmax_of_pairs(listener->posteriors, config->detector->labels, listener->posteriors);
      return listener_detector_push(&listener->detector, listener->posteriors, listener->samples, event)
                 ? LISTENER_DETECTED
                 : LISTENER_STEPPED;
    }
  }
}
