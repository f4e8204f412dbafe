/* Generated from pipeline/protocol/registry.toml by `python -m tools.protocol_files`. */
#ifndef PROTOCOL_ANSWERS_H_
#define PROTOCOL_ANSWERS_H_
/* clang-format off */

#include "output.h"

static inline void answer_ready(output_t *out) {
  output_text(out, "m-ready");
  output_end(out);
}

static inline void answer_timestamp_mode(output_t *out) {
  output_text(out, "m-timestamp-mode-performance");
  output_end(out);
}

static inline void answer_init_done(output_t *out) {
  output_text(out, "m-init-done");
  output_end(out);
}

static inline void answer_lap(output_t *out, uint64_t microseconds) {
  output_text(out, "m-lap-us-");
  output_number(out, microseconds);
  output_end(out);
}

static inline void answer_device_name(output_t *out, const char *name) {
  output_text(out, "m-name-dut-[");
  output_text(out, name);
  output_text(out, "]");
  output_end(out);
}

static inline void answer_profile(output_t *out) {
  output_text(out, "m-profile-[ULPMark for tinyML Firmware V0.0.1]");
  output_end(out);
}

static inline void answer_model_id(output_t *out) {
  output_text(out, "m-model-[kws01]");
  output_end(out);
}

static inline void answer_usage(output_t *out, const char *usage) {
  output_text(out, usage);
  output_end(out);
}

static inline void answer_expecting(output_t *out, uint64_t length) {
  output_text(out, "m-[Expecting ");
  output_number(out, length);
  output_text(out, " bytes]");
  output_end(out);
}

static inline void answer_load_done(output_t *out) {
  output_text(out, "m-load-done");
  output_end(out);
}

static inline void answer_buffer(output_t *out, const void *data, size_t data_count) {
  output_text(out, "m-buffer-");
  output_bytes(out, data, data_count);
  output_end(out);
}

static inline void answer_warmup_start(output_t *out, uint64_t count) {
  output_text(out, "m-warmup-start-");
  output_number(out, count);
  output_end(out);
}

static inline void answer_warmup_done(output_t *out) {
  output_text(out, "m-warmup-done");
  output_end(out);
}

static inline void answer_infer_start(output_t *out, uint64_t count) {
  output_text(out, "m-infer-start-");
  output_number(out, count);
  output_end(out);
}

static inline void answer_infer_done(output_t *out) {
  output_text(out, "m-infer-done");
  output_end(out);
}

static inline void answer_results(output_t *out, const float *probabilities, size_t probabilities_count) {
  output_text(out, "m-results-[");
  output_fractions(out, probabilities, probabilities_count);
  output_text(out, "]");
  output_end(out);
}

static inline void answer_input_check(output_t *out, uint32_t crc, uint64_t length) {
  output_text(out, "m-crc-[");
  output_hex(out, crc);
  output_text(out, ",");
  output_number(out, length);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_build_info(output_t *out, const char *version, const char *build, const char *model, const char *hash, const char *engine, const char *kernels, const char *board, uint64_t tick_hz, uint64_t inputs, uint64_t labels, uint64_t layers, const char *reset) {
  output_text(out, "m-build-[version=");
  output_text(out, version);
  output_text(out, ",build=");
  output_text(out, build);
  output_text(out, ",model=");
  output_text(out, model);
  output_text(out, ",hash=");
  output_text(out, hash);
  output_text(out, ",engine=");
  output_text(out, engine);
  output_text(out, ",kernels=");
  output_text(out, kernels);
  output_text(out, ",board=");
  output_text(out, board);
  output_text(out, ",tick-hz=");
  output_number(out, tick_hz);
  output_text(out, ",inputs=");
  output_number(out, inputs);
  output_text(out, ",labels=");
  output_number(out, labels);
  output_text(out, ",layers=");
  output_number(out, layers);
  output_text(out, ",reset=");
  output_text(out, reset);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_inference(output_t *out, uint32_t input_crc, uint32_t build_crc, uint64_t ticks, const float *logits, size_t logits_count) {
  output_text(out, "m-logits-[");
  output_hex(out, input_crc);
  output_text(out, ",");
  output_hex(out, build_crc);
  output_text(out, ",");
  output_number(out, ticks);
  output_text(out, ",");
  output_floats(out, logits, logits_count);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_layer_ticks(output_t *out, uint64_t index, const char *name, uint64_t outputs, uint64_t ticks) {
  output_text(out, "m-layer-[");
  output_number(out, index);
  output_text(out, ",");
  output_text(out, name);
  output_text(out, ",");
  output_number(out, outputs);
  output_text(out, ",");
  output_number(out, ticks);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_inference_ticks(output_t *out, uint64_t layers, uint64_t ticks, uint32_t input_crc) {
  output_text(out, "m-layers-[");
  output_number(out, layers);
  output_text(out, ",");
  output_number(out, ticks);
  output_text(out, ",");
  output_hex(out, input_crc);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_memory_use(output_t *out, uint64_t buffers, uint64_t arena, uint64_t stack, uint64_t stack_used) {
  output_text(out, "m-memory-[buffers=");
  output_number(out, buffers);
  output_text(out, ",arena=");
  output_number(out, arena);
  output_text(out, ",stack=");
  output_number(out, stack);
  output_text(out, ",stack-used=");
  output_number(out, stack_used);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_layer_values(output_t *out, uint64_t layer, uint64_t offset, const float *values, size_t values_count) {
  output_text(out, "m-dump-[");
  output_number(out, layer);
  output_text(out, ",");
  output_number(out, offset);
  output_text(out, ",");
  output_floats(out, values, values_count);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_layer_check(output_t *out, uint64_t layer, uint64_t count, uint32_t input_crc, uint32_t values_crc) {
  output_text(out, "m-dump-done-[");
  output_number(out, layer);
  output_text(out, ",");
  output_number(out, count);
  output_text(out, ",");
  output_hex(out, input_crc);
  output_text(out, ",");
  output_hex(out, values_crc);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_stream_state(output_t *out, uint64_t samples, uint64_t inferences, uint64_t detections) {
  output_text(out, "m-stream-[");
  output_number(out, samples);
  output_text(out, ",");
  output_number(out, inferences);
  output_text(out, ",");
  output_number(out, detections);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_stream_cost(output_t *out, uint64_t samples, uint64_t rows, uint64_t steps, uint64_t frontend, uint64_t network, uint64_t detector) {
  output_text(out, "m-stream-cost-[");
  output_number(out, samples);
  output_text(out, ",");
  output_number(out, rows);
  output_text(out, ",");
  output_number(out, steps);
  output_text(out, ",");
  output_number(out, frontend);
  output_text(out, ",");
  output_number(out, network);
  output_text(out, ",");
  output_number(out, detector);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_detection(output_t *out, uint64_t number, const char *label, float score, uint64_t sample) {
  output_text(out, "m-detection-[");
  output_number(out, number);
  output_text(out, ",");
  output_text(out, label);
  output_text(out, ",");
  output_fraction(out, score);
  output_text(out, ",");
  output_number(out, sample);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_listen_state(output_t *out, uint64_t on, uint64_t samples, uint64_t lost, uint64_t flat, uint64_t inferences, uint64_t detections, uint64_t active, uint64_t elapsed) {
  output_text(out, "m-listen-[on=");
  output_number(out, on);
  output_text(out, ",samples=");
  output_number(out, samples);
  output_text(out, ",lost=");
  output_number(out, lost);
  output_text(out, ",flat=");
  output_number(out, flat);
  output_text(out, ",inferences=");
  output_number(out, inferences);
  output_text(out, ",detections=");
  output_number(out, detections);
  output_text(out, ",active=");
  output_number(out, active);
  output_text(out, ",elapsed=");
  output_number(out, elapsed);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_heard(output_t *out, uint64_t number, const char *label, float score, uint64_t sample) {
  output_text(out, "m-heard-[");
  output_number(out, number);
  output_text(out, ",");
  output_text(out, label);
  output_text(out, ",");
  output_fraction(out, score);
  output_text(out, ",");
  output_number(out, sample);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_audio_lost(output_t *out, uint64_t sample, uint64_t count) {
  output_text(out, "m-lost-[");
  output_number(out, sample);
  output_text(out, ",");
  output_number(out, count);
  output_text(out, "]");
  output_end_checked(out);
}

static inline void answer_no_fault(output_t *out) {
  output_text(out, "m-fault-[none]");
  output_end_checked(out);
}

static inline void answer_fault_record(output_t *out, uint64_t count, uint32_t pc, uint32_t lr, uint32_t psr, uint32_t sp, uint32_t cfsr, uint32_t hfsr, uint32_t address) {
  output_text(out, "m-fault-[count=");
  output_number(out, count);
  output_text(out, ",pc=");
  output_hex(out, pc);
  output_text(out, ",lr=");
  output_hex(out, lr);
  output_text(out, ",psr=");
  output_hex(out, psr);
  output_text(out, ",sp=");
  output_hex(out, sp);
  output_text(out, ",cfsr=");
  output_hex(out, cfsr);
  output_text(out, ",hfsr=");
  output_hex(out, hfsr);
  output_text(out, ",address=");
  output_hex(out, address);
  output_text(out, "]");
  output_end_checked(out);
}

#endif
