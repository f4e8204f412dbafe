#include "tflm_abi.h"
