/* The same jobs on the host: every buffer is an allocation of exactly its size, so that a sanitizer sees any step
 * outside. Usage: host_runner JOBS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "jobs.h"

static float *outputs[BUFFERS];
static void *states[STATES];

/* Exactly `bytes`, zeroed; of none, an address that nothing may touch. */
static void *allocate(size_t bytes) {
  void *block = calloc(1, bytes);
  if (!block) {
    exit(3);
  }
  return block;
}

static void *copy_of(const uint8_t *blob, uint32_t offset, size_t bytes) {
  return memcpy(allocate(bytes), blob + offset, bytes);
}

static void run(const uint8_t *blob, const job_t *job, FILE *out) {
  void *weights = copy_of(blob, job->weights, job->weight_bytes);
  void *columns = copy_of(blob, job->columns, job->column_bytes);
  void *scratch = allocate(scratch_of(job));
  for (uint32_t i = 0; job->reset && i < STATES; i++) {
    free(states[i]);
    states[i] = NULL;
  }
  if (!states[job->state]) {
    states[job->state] = allocate(state_of(job));
  }
  dynq_signal_t signals[2] = {0};
  const dynq_signal_t *inputs[2] = {&signals[0], &signals[1]};
  for (uint32_t i = 0; i < 2; i++) {
    const input_t *input = &job->input[i];
    const size_t element = input->source == BYTES ? sizeof(int8_t) : sizeof(float);
    if (input->source != NOTHING) {
      const uint8_t *from = input->source == OUTPUT ? (const uint8_t *)outputs[input->place] : blob + input->place;
      signals[i].values = copy_of(from, 0, job->inputs * element);
    }
    if (input->source == BYTES) {
      signals[i].codes = (dynq_codes_t){input->scale, input->zero_point};
      signals[i].is_codes = 1;
    } else if (input->source == FLOATS) {
      signals[i].range = input->range;
    } else if (input->source != NOTHING) {
      dynq_scan(signals[i].values, job->inputs, &signals[i].range);
    }
  }
  float *y = allocate(job->outputs * sizeof *y);
  dynq_signal_t output = {.values = y, .ranged = (uint8_t)job->ranged};
  layer_t layer;
  dynq_step_t step = layer_of(job, weights, columns, &layer);
  step(&layer, inputs, &output, states[job->state], scratch);
  free(outputs[job->buffer]);
  outputs[job->buffer] = y;
  const trailer_t trailer = {output.range, 1, scratch_of(job), state_of(job)};
  fwrite(y, sizeof *y, job->outputs, out);
  fwrite(&trailer, sizeof trailer, 1, out);
  free(weights);
  free(columns);
  free(scratch);
  free(signals[0].values);
  free(signals[1].values);
}

int main(int argc, char **argv) {
  FILE *in = argc == 2 ? fopen(argv[1], "rb") : NULL;
  if (!in || fseek(in, 0, SEEK_END)) {
    return 2;
  }
  const size_t bytes = (size_t)ftell(in);
  uint8_t *blob = malloc(bytes);
  rewind(in);
  if (!blob || fread(blob, 1, bytes, in) != bytes) {
    return 2;
  }
  fclose(in);
  const header_t *header = (const header_t *)blob;
  FILE *out = fopen(header->results, "wb");
  if (header->magic != JOBS_MAGIC || !out) {
    return 2;
  }
  const job_t *job = (const job_t *)(header + 1);
  for (uint32_t i = 0; i < header->jobs; i++) {
    run(blob, &job[i], out);
  }
  for (uint32_t i = 0; i < STATES; i++) {
    free(states[i]);
  }
  for (uint32_t i = 0; i < BUFFERS; i++) {
    free(outputs[i]);
  }
  free(blob);
  return fclose(out) ? 3 : 0;
}
