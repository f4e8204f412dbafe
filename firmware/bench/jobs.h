/* Jobs for the runners: calls of the kernel library, written by lab/bench/runner.py as one block of bytes. */
#ifndef BENCH_JOBS_H_
#define BENCH_JOBS_H_

#include <stddef.h>
#include <stdint.h>

#include "dynq_layers.h"
#ifdef BENCH_PEER
#include "peer.h"
#endif

#define JOBS_MAGIC 0x716e7965u
#define BUFFERS 3 /* for outputs */
#define STATES 16

enum { DENSE, FILTER, MEAN, ADD, SOFTMAX, PEER };
enum { NOTHING, BYTES, FLOATS, FLOATS_TO_SCAN, OUTPUT };

/* A header, then the jobs, then what their offsets (from the header) point at. */
typedef struct {
  uint32_t magic;
  uint32_t jobs;
  char results[56]; /* path of the file for the results */
} header_t;

typedef struct {
  uint32_t source;
  uint32_t place; /* offset, or number of the buffer */
  dynq_range_t range;
  float scale;
  int32_t zero_point;
} input_t;

typedef struct {
  uint32_t type;
  uint32_t inputs; /* values of each input */
  uint32_t outputs;
  input_t input[2];
  uint32_t buffer; /* of the output */
  uint32_t state;
  uint32_t reset; /* forgets all states first */
  uint32_t ranged;
  uint32_t relu;
  uint32_t bits;
  uint32_t taps; /* frames of a mean */
  uint32_t dilation;
  uint32_t share;
  uint32_t weights; /* offsets */
  uint32_t columns;
  uint32_t weight_bytes;
  uint32_t column_bytes;
} job_t;

/* In the results, behind a job's outputs. */
typedef struct {
  dynq_range_t range;
  uint32_t guards_intact;
  uint32_t scratch_bytes;
  uint32_t state_bytes;
} trailer_t;

/* A job's layer, ready to be called. */
typedef union {
  dynq_dense_t dense;
  dynq_filter_t filter;
  dynq_mean_t mean;
  dynq_add_t add;
} layer_t;

static inline dynq_step_t layer_of(const job_t *job, const void *weights, const void *columns, layer_t *layer) {
  switch (job->type) {
  case DENSE:
    layer->dense = (dynq_dense_t){weights, columns, (uint16_t)job->inputs, (uint16_t)job->outputs, (uint8_t)job->relu};
    return job->bits == 8 ? dynq_dense_w8 : job->bits == 4 ? dynq_dense_w4 : dynq_dense_w2;
#ifdef BENCH_PEER
  case PEER:
    layer->dense = (dynq_dense_t){weights, columns, (uint16_t)job->inputs, (uint16_t)job->outputs, 0};
    return job->bits == 8 ? peer_dense_s8 : peer_dense_s4;
#endif
  case FILTER:
    layer->filter = (dynq_filter_t){
        weights, columns, (uint16_t)job->inputs, (uint16_t)job->taps, (uint16_t)job->dilation, (uint8_t)job->relu};
    return dynq_filter;
  case MEAN:
    layer->mean = (dynq_mean_t){(uint16_t)job->inputs, (uint16_t)job->taps, (uint16_t)job->share};
    return dynq_mean;
  default:
    layer->add = (dynq_add_t){(uint16_t)job->inputs, (uint8_t)job->relu};
    return dynq_add;
  }
}

static inline uint32_t scratch_of(const job_t *job) {
  switch (job->type) {
  case DENSE:
    return DYNQ_DENSE_SCRATCH_BYTES(job->inputs);
  case FILTER:
  case MEAN:
    return DYNQ_WINDOW_SCRATCH_BYTES(job->taps);
  default:
    return 0;
  }
}

static inline uint32_t state_of(const job_t *job) {
  switch (job->type) {
  case FILTER:
    return DYNQ_FILTER_STATE_BYTES(job->inputs, job->taps, job->dilation);
  case MEAN:
    return DYNQ_MEAN_STATE_BYTES(job->inputs, job->taps);
  default:
    return 0;
  }
}

/* lab/bench/runner.py lays them out by these numbers. */
_Static_assert(sizeof(header_t) == 64 && offsetof(header_t, results) == 8, "_HEADER");
_Static_assert(sizeof(input_t) == 24 && offsetof(input_t, range) == 8 && offsetof(input_t, scale) == 16, "_INPUT");
_Static_assert(sizeof(job_t) == 112 && offsetof(job_t, input) == 12 && offsetof(job_t, buffer) == 60, "_JOB");
_Static_assert(offsetof(job_t, relu) == 76 && offsetof(job_t, weights) == 96, "_JOB");
_Static_assert(sizeof(trailer_t) == 20 && offsetof(trailer_t, guards_intact) == 8, "_TRAILER");

#endif
