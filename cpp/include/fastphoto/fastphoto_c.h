/* SPDX-License-Identifier: Apache-2.0
 *
 * The C API: the pipeline, looks, closed-form smoothing and the filters, for C and for all that can call C.
 *
 * Functions return a status; fastphoto_last_error() has the message. What they make is handed out as an opaque handle,
 * which its own fastphoto_..._free() ends; freeing NULL does nothing. No exception leaves a function, and none prints.
 *
 * Structs start with their size, so that a program runs with a later version of the library than it was compiled for.
 * Fill each with its fastphoto_..._init() first:
 *
 *     fastphoto_apply_options options;
 *     fastphoto_apply_options_init(&options, sizeof options);
 *     options.strength = 0.8;
 *
 * Options that are NULL are the defaults; any other NULL is an error unless the function says what it means. Functions
 * may be called from several threads at once. Texts are UTF-8.
 */
#ifndef FASTPHOTO_C_H
#define FASTPHOTO_C_H

#include <stddef.h>
#include <stdint.h>

#include "fastphoto/export.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- What every call shares -------------------------------------------------------------------------------------- */

typedef enum fastphoto_status {
  FASTPHOTO_OK = 0,
  FASTPHOTO_INVALID_ARGUMENT = 1, /* an argument is outside what the function's documentation allows */
  FASTPHOTO_CANCELLED = 2,        /* a progress callback asked to stop */
  FASTPHOTO_MODEL = 3,            /* a bundle is missing, damaged or does not fit */
  FASTPHOTO_FILE = 4,             /* a look cannot be read or written */
  FASTPHOTO_DEVICE = 5,           /* the runtime or the device is not to be had, or not in this process */
  FASTPHOTO_NETWORK = 6,          /* the runtime failed while it ran a graph */
  FASTPHOTO_OUT_OF_MEMORY = 7,    /* no memory is left, on the device or here */
  FASTPHOTO_INTERNAL = 8          /* a fault of the library, or an exception out of a callback */
} fastphoto_status;

/* The message of the last call on this thread that failed: what was received and what was expected. It stays until the
 * next call on this thread fails. */
FASTPHOTO_C_API const char* fastphoto_last_error(void);

/* "1.2.3" */
FASTPHOTO_C_API const char* fastphoto_version(void);

/* The instruction set that the kernels run with: "x86-64-v4", "x86-64-v3" or "baseline". */
FASTPHOTO_C_API const char* fastphoto_simd_level(void);

/* Called on the thread that made the call, with the step at work and the share of the work done (0 .. 1, never
 * falling). 0 cancels: the call then returns FASTPHOTO_CANCELLED. */
typedef int (*fastphoto_progress)(void* user, const char* step, double share);

/* A host's own pool of threads, used in place of the library's. It must outlive the call that it is given to. */
typedef struct fastphoto_thread_pool {
  size_t struct_size;
  void* user; /* handed to both functions */
  /* How many tasks can run at once, the calling thread's included; at least 1. */
  int (*size)(void* user);
  /* Calls task(context, 0) .. task(context, count - 1), each once, on any thread and in any order, and returns when all
   * have ended. Tasks do not wait for each other. */
  void (*run)(void* user, int count, void (*task)(void* context, int index), void* context);
} fastphoto_thread_pool;

FASTPHOTO_C_API fastphoto_status fastphoto_thread_pool_init(fastphoto_thread_pool* pool, size_t struct_size);

/* ---- Pixels ------------------------------------------------------------------------------------------------------ */

enum { FASTPHOTO_FLOAT32 = 0, FASTPHOTO_UINT8 = 1, FASTPHOTO_UINT16 = 2 }; /* types of samples */
enum { FASTPHOTO_RGB = 0, FASTPHOTO_RGBA = 1, FASTPHOTO_BGR = 2, FASTPHOTO_BGRA = 3 };

/* A photo in the caller's memory, sRGB-encoded: float32 in 0 .. 1, or whole numbers whose largest value is white.
 * Strides are in bytes and may be negative; 0 stands for pixels without gaps. */
typedef struct fastphoto_pixels {
  size_t struct_size;
  const void* data;
  ptrdiff_t height;
  ptrdiff_t width;
  int type;                /* FASTPHOTO_FLOAT32, ... */
  int order;               /* FASTPHOTO_RGB, ... */
  ptrdiff_t row_stride;    /* from a pixel to the one below */
  ptrdiff_t pixel_stride;  /* from a pixel to the one on its right */
  ptrdiff_t sample_stride; /* from a sample to the next one of its pixel */
} fastphoto_pixels;

/* The same, to write. */
typedef struct fastphoto_mutable_pixels {
  size_t struct_size;
  void* data;
  ptrdiff_t height;
  ptrdiff_t width;
  int type;
  int order;
  ptrdiff_t row_stride;
  ptrdiff_t pixel_stride;
  ptrdiff_t sample_stride;
} fastphoto_mutable_pixels;

FASTPHOTO_C_API fastphoto_status fastphoto_pixels_init(fastphoto_pixels* pixels, size_t struct_size);
FASTPHOTO_C_API fastphoto_status fastphoto_mutable_pixels_init(fastphoto_mutable_pixels* pixels, size_t struct_size);

enum { FASTPHOTO_LABELS_UINT8 = 0, FASTPHOTO_LABELS_INT32 = 1, FASTPHOTO_LABELS_INT64 = 2 };

struct fastphoto_image; /* below, with the filters */

/* A mask in the caller's memory: either a map of labels, or soft weights of labels 0 .. weight_count - 1, at least 0
 * and at most 1 in sum per pixel. Strides are in bytes; 0 stands for no gaps, labels varying fastest among weights.
 *
 * alpha is the photo's own transparency, with labels and weights or without: one channel of the photo's height and
 * width, 0 .. 1, 1 is opaque. What is transparent does not count. NULL: all is opaque. */
typedef struct fastphoto_mask {
  size_t struct_size;
  ptrdiff_t height;
  ptrdiff_t width;
  const void* labels; /* NULL where there are weights */
  int label_type;
  const float* weights; /* NULL where there are labels */
  ptrdiff_t weight_count;
  ptrdiff_t row_stride;
  ptrdiff_t column_stride;
  ptrdiff_t weight_stride;
  const struct fastphoto_image* alpha;
} fastphoto_mask;

FASTPHOTO_C_API fastphoto_status fastphoto_mask_init(fastphoto_mask* mask, size_t struct_size);

/* ---- Runtime: runs the networks ---------------------------------------------------------------------------------- */

enum { FASTPHOTO_DEVICE_AUTO = 0, FASTPHOTO_DEVICE_CPU = 1, FASTPHOTO_DEVICE_CUDA = 2 };
enum { FASTPHOTO_PRECISION_AUTO = 0, FASTPHOTO_PRECISION_FLOAT32 = 1, FASTPHOTO_PRECISION_FLOAT16 = 2 };

typedef struct fastphoto_runtime fastphoto_runtime;

typedef struct fastphoto_runtime_options {
  size_t struct_size;
  /* ONNX Runtime's shared library: a file, or a folder that holds it. NULL: the one already loaded in this process,
   * else $FASTPHOTO_ONNXRUNTIME, else what the system's loader finds. */
  const char* library;
  int device;    /* AUTO: CUDA if it works, else the CPU */
  int threads;   /* CPU threads of each graph; 0: the runtime's choice */
  int precision; /* AUTO: float16 on CUDA, float32 on the CPU */
} fastphoto_runtime_options;

FASTPHOTO_C_API fastphoto_status fastphoto_runtime_options_init(fastphoto_runtime_options* options, size_t struct_size);

/* FASTPHOTO_DEVICE if the library is missing, too old or broken, if CUDA was asked for and cannot be used, or if this
 * build of fastphoto has no component onnxruntime. */
FASTPHOTO_C_API fastphoto_status fastphoto_runtime_open(const fastphoto_runtime_options* options,
                                                        fastphoto_runtime** runtime);

/* Stylizers that were opened on the runtime keep what they need of it. */
FASTPHOTO_C_API void fastphoto_runtime_free(fastphoto_runtime* runtime);

/* Where networks run and why. Texts live as long as the handle; those of NULL are NULL. */
typedef struct fastphoto_device fastphoto_device;

FASTPHOTO_C_API const char* fastphoto_device_requested(const fastphoto_device* device); /* "auto", "cpu" or "cuda" */
FASTPHOTO_C_API const char* fastphoto_device_used(const fastphoto_device* device);      /* "cpu" or "cuda" */
FASTPHOTO_C_API const char* fastphoto_device_provider(const fastphoto_device* device);  /* as the runtime names it */
FASTPHOTO_C_API const char* fastphoto_device_reason(const fastphoto_device* device);
FASTPHOTO_C_API const char* fastphoto_device_precision(const fastphoto_device* device); /* "float32" or "float16" */
FASTPHOTO_C_API void fastphoto_device_free(fastphoto_device* device);

/* ---- Stylizer: a model, ready on a runtime ----------------------------------------------------------------------- */

typedef struct fastphoto_stylizer fastphoto_stylizer;
typedef struct fastphoto_look fastphoto_look;
typedef struct fastphoto_restyled fastphoto_restyled; /* a photo on its way */
typedef struct fastphoto_report fastphoto_report;

enum { FASTPHOTO_SMOOTHING_CLOSED_FORM = 0, FASTPHOTO_SMOOTHING_GUIDED = 1, FASTPHOTO_SMOOTHING_NONE = 2 };

/* Of closed-form smoothing: large photos are solved at a smaller size unless it is exact. */
enum { FASTPHOTO_QUALITY_DRAFT = 0, FASTPHOTO_QUALITY_BALANCED = 1, FASTPHOTO_QUALITY_EXACT = 2 };

typedef struct fastphoto_analyze_options {
  size_t struct_size;
  ptrdiff_t max_side;                /* longest side at which the network sees the photo; 0: the model's own */
  int threads;                       /* of the engine; 0: as many as the hardware runs at once */
  const fastphoto_thread_pool* pool; /* in place of threads, or NULL */
  fastphoto_progress progress;       /* or NULL */
  void* progress_user;
} fastphoto_analyze_options;

typedef struct fastphoto_apply_options {
  size_t struct_size;
  int smoothing;   /* FASTPHOTO_SMOOTHING_CLOSED_FORM, ... */
  double strength; /* 0 returns the content as it is, 1 the full look */
  int insist;      /* 1: models with an estimator give all of the look, even where the style hardly fits */
  ptrdiff_t max_side;
  int threads;
  const fastphoto_thread_pool* pool;
  fastphoto_progress progress;
  void* progress_user;
  int quality; /* FASTPHOTO_QUALITY_BALANCED, ... */
  /* As fastphoto::AdjustmentOptions: strengths apart, and what is kept of the content. */
  double tone;            /* of the change of luma, 0 .. 1.5: 0 none of it, 1 all of it */
  double colour;          /* of the change of chroma beside the common shift, 0 .. 1.5 */
  double white_balance;   /* of the shift of chroma that is common to the whole photo, 0 .. 1.5 */
  int preserve_luminance; /* 1: the result has the content's luma */
  int preserve_skin;      /* 1: colours of skin keep their chroma */
  int preserve_neutrals;  /* 1: what is grey stays grey */
} fastphoto_apply_options;

typedef struct fastphoto_finish_options {
  size_t struct_size;
  int threads;
  const fastphoto_thread_pool* pool;
  fastphoto_progress progress;
  void* progress_user;
} fastphoto_finish_options;

FASTPHOTO_C_API fastphoto_status fastphoto_analyze_options_init(fastphoto_analyze_options* options, size_t struct_size);
FASTPHOTO_C_API fastphoto_status fastphoto_apply_options_init(fastphoto_apply_options* options, size_t struct_size);
FASTPHOTO_C_API fastphoto_status fastphoto_finish_options_init(fastphoto_finish_options* options, size_t struct_size);

/* bundle is the model's folder. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_open(const char* bundle, const fastphoto_runtime* runtime,
                                                         fastphoto_stylizer** stylizer);
FASTPHOTO_C_API void fastphoto_stylizer_free(fastphoto_stylizer* stylizer);

/* Of the model: texts live as long as the stylizer; those of NULL are NULL. Looks fit the models of one fingerprint. */
FASTPHOTO_C_API const char* fastphoto_stylizer_model(const fastphoto_stylizer* stylizer);
FASTPHOTO_C_API const char* fastphoto_stylizer_model_version(const fastphoto_stylizer* stylizer);
FASTPHOTO_C_API const char* fastphoto_stylizer_fingerprint(const fastphoto_stylizer* stylizer);
FASTPHOTO_C_API const char* fastphoto_stylizer_licence(const fastphoto_stylizer* stylizer);

FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_device(const fastphoto_stylizer* stylizer,
                                                           fastphoto_device** device);

/* Does ahead what can be done before a photo of that size comes, and keeps the memory that one photo takes. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_prepare(const fastphoto_stylizer* stylizer, ptrdiff_t width,
                                                            ptrdiff_t height);

/* The same for another quality than the default. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_prepare_for(const fastphoto_stylizer* stylizer, ptrdiff_t width,
                                                                ptrdiff_t height, int quality);

/* An upper bound for the bytes that fastphoto_stylizer_apply() takes for a photo of that size, beside the caller's
 * pixels and the runtime's library. A photo with transparency takes 24 bytes a pixel more. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_memory_needed(const fastphoto_stylizer* stylizer, ptrdiff_t width,
                                                                  ptrdiff_t height, int smoothing, ptrdiff_t max_side,
                                                                  size_t* bytes);

/* The same for another quality than the default. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_memory_needed_for(const fastphoto_stylizer* stylizer,
                                                                      ptrdiff_t width, ptrdiff_t height, int smoothing,
                                                                      int quality, ptrdiff_t max_side, size_t* bytes);

/* The look of a style photo. mask may be NULL: no mask. A mask with alpha alone is none: it only says what counts. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_analyze(const fastphoto_stylizer* stylizer,
                                                            const fastphoto_pixels* style, const fastphoto_mask* mask,
                                                            const fastphoto_analyze_options* options,
                                                            fastphoto_look** look);

/* The content in the look, written to result: the content's height and width, in any format; it may be the content's
 * own memory. A mask is needed exactly if the look was made with one, else NULL, or one with alpha alone. report may be
 * NULL: none is wanted. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_apply(const fastphoto_stylizer* stylizer,
                                                          const fastphoto_pixels* content, const fastphoto_look* look,
                                                          const fastphoto_mutable_pixels* result,
                                                          const fastphoto_mask* mask,
                                                          const fastphoto_apply_options* options,
                                                          fastphoto_report** report);

/* The content in the look at a smaller size, quickly: what fastphoto_stylizer_apply() gives, reduced, but for small
 * things. result may have any size that is no larger than the content's; fastphoto_preview_size() gives the one whose
 * longest side is `side`. The options' quality is of no account. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_preview(const fastphoto_stylizer* stylizer,
                                                            const fastphoto_pixels* content, const fastphoto_look* look,
                                                            const fastphoto_mutable_pixels* result,
                                                            const fastphoto_mask* mask,
                                                            const fastphoto_apply_options* options,
                                                            fastphoto_report** report);
FASTPHOTO_C_API fastphoto_status fastphoto_preview_size(ptrdiff_t content_width, ptrdiff_t content_height,
                                                        ptrdiff_t side, ptrdiff_t* width, ptrdiff_t* height);

/* The two halves of fastphoto_stylizer_apply(), for streams of photos: restyle the next one on another thread while
 * this one is finished. The content's pixels are no longer needed after restyle, except for their alpha, if the result
 * is to have it. finish takes the photo and sets *photo to NULL, whether it succeeds or not. */
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_restyle(const fastphoto_stylizer* stylizer,
                                                            const fastphoto_pixels* content, const fastphoto_look* look,
                                                            const fastphoto_mask* mask,
                                                            const fastphoto_apply_options* options,
                                                            fastphoto_restyled** photo);
FASTPHOTO_C_API fastphoto_status fastphoto_stylizer_finish(const fastphoto_stylizer* stylizer,
                                                           fastphoto_restyled** photo,
                                                           const fastphoto_mutable_pixels* result,
                                                           const fastphoto_finish_options* options,
                                                           fastphoto_report** report);
FASTPHOTO_C_API void fastphoto_restyled_free(fastphoto_restyled* photo);

/* ---- Looks ------------------------------------------------------------------------------------------------------- */

FASTPHOTO_C_API fastphoto_status fastphoto_look_load(const char* path, fastphoto_look** look);
FASTPHOTO_C_API fastphoto_status fastphoto_look_save(const fastphoto_look* look, const char* path);

/* `where` names the bytes in messages. */
FASTPHOTO_C_API fastphoto_status fastphoto_look_from_bytes(const void* bytes, size_t size, const char* where,
                                                           fastphoto_look** look);

/* *size becomes the number of bytes. They are written to buffer if its capacity suffices; a buffer of NULL asks for the
 * size only. */
FASTPHOTO_C_API fastphoto_status fastphoto_look_to_bytes(const fastphoto_look* look, void* buffer, size_t capacity,
                                                         size_t* size);

/* One look of several style photos, as if they were one photo; and a look between others, by weights of 0 or more whose
 * sum is positive. All looks are of one model, with masks or without. */
FASTPHOTO_C_API fastphoto_status fastphoto_look_pool(const fastphoto_look* const* looks, size_t count,
                                                     fastphoto_look** look);
FASTPHOTO_C_API fastphoto_status fastphoto_look_blend(const fastphoto_look* const* looks, const double* weights,
                                                      size_t count, fastphoto_look** look);
FASTPHOTO_C_API void fastphoto_look_free(fastphoto_look* look);

/* Texts live as long as the look; those of NULL are NULL, numbers of NULL are 0. */
FASTPHOTO_C_API const char* fastphoto_look_model(const fastphoto_look* look);
FASTPHOTO_C_API const char* fastphoto_look_fingerprint(const fastphoto_look* look);
FASTPHOTO_C_API int fastphoto_look_masked(const fastphoto_look* look);
FASTPHOTO_C_API size_t fastphoto_look_label_count(const fastphoto_look* look);

/* The label at `index`, in ascending order, and how many pixels it had at working size. */
FASTPHOTO_C_API fastphoto_status fastphoto_look_label(const fastphoto_look* look, size_t index, int64_t* label,
                                                      double* area);

/* ---- Closed-form smoothing and filters --------------------------------------------------------------------------- */

/* A borrowed image of float32 samples. Strides are in bytes and may be negative; 0 stands for no gaps, channels varying
 * fastest. */
typedef struct fastphoto_image {
  size_t struct_size;
  const float* data;
  ptrdiff_t height;
  ptrdiff_t width;
  ptrdiff_t channels;
  ptrdiff_t row_stride;
  ptrdiff_t column_stride;
  ptrdiff_t channel_stride;
} fastphoto_image;

FASTPHOTO_C_API fastphoto_status fastphoto_image_init(fastphoto_image* image, size_t struct_size);

/* What conjugate gradients were preconditioned with. */
enum {
  FASTPHOTO_PRECONDITIONER_NONE = 0, /* nothing was iterated */
  FASTPHOTO_PRECONDITIONER_MULTIGRID = 1,
  FASTPHOTO_PRECONDITIONER_DIAGONAL = 2
};

/* How a solve went. A solve that did not converge is no error: the caller decides. */
typedef struct fastphoto_solver_info {
  size_t struct_size;
  int iterations;
  int converged;
  double residual; /* largest |b - A u| / |b| over the channels */
  double seconds;
  int preconditioner;
} fastphoto_solver_info;

FASTPHOTO_C_API fastphoto_status fastphoto_solver_info_init(fastphoto_solver_info* info, size_t struct_size);

/* As fastphoto::SmoothingOptions. */
typedef struct fastphoto_smoothing_options {
  size_t struct_size;
  double lam;         /* weight of the stylized image against the affinity, > 0 */
  double eps;         /* regularisation, in units of colour^2, > 0 */
  double rtol;        /* 0 < rtol < 1 */
  int radius;         /* windows are 2 radius + 1 pixels wide, 1 .. 16 */
  int max_iterations; /* >= 0 */
  int border_padding; /* pixels of edge replication, >= 0 */
  int normalized;     /* 1: the paper's form, which does not keep constants at the border */
  int page_pool;      /* 0: every buffer is an ordinary allocation */
  int threads;
  const fastphoto_thread_pool* pool;
} fastphoto_smoothing_options;

typedef struct fastphoto_solve_options {
  size_t struct_size;
  double rtol;                    /* 0: the smoother's own */
  const fastphoto_image* initial; /* where to start, or NULL */
  int threads;
  const fastphoto_thread_pool* pool;
  /* Called after every iteration from the thread that made the call; 0 cancels. May be NULL. */
  int (*progress)(void* user, int iteration, double residual);
  void* progress_user;
} fastphoto_solve_options;

typedef struct fastphoto_guided_filter_options {
  size_t struct_size;
  int radius; /* >= 0 */
  double eps; /* > 0 */
  int threads;
  const fastphoto_thread_pool* pool;
} fastphoto_guided_filter_options;

typedef struct fastphoto_local_affine_options {
  size_t struct_size;
  int radius;         /* 0 .. 127 */
  double range_sigma; /* > 0 */
  double ridge;       /* > 0 */
  int threads;
  const fastphoto_thread_pool* pool;
} fastphoto_local_affine_options;

FASTPHOTO_C_API fastphoto_status fastphoto_smoothing_options_init(fastphoto_smoothing_options* options,
                                                                  size_t struct_size);
FASTPHOTO_C_API fastphoto_status fastphoto_solve_options_init(fastphoto_solve_options* options, size_t struct_size);
FASTPHOTO_C_API fastphoto_status fastphoto_guided_filter_options_init(fastphoto_guided_filter_options* options,
                                                                      size_t struct_size);
FASTPHOTO_C_API fastphoto_status fastphoto_local_affine_options_init(fastphoto_local_affine_options* options,
                                                                     size_t struct_size);

/* Results are height x width x channels of the stylized or filtered image, without gaps, channels varying fastest.
 * `samples` is how many the caller's memory holds; another number than the result's is an error. */

typedef struct fastphoto_smoother fastphoto_smoother;

/* The set-up for one content. data_weights (one channel) may be NULL: every pixel counts alike. */
FASTPHOTO_C_API fastphoto_status fastphoto_smoother_open(const fastphoto_image* content,
                                                         const fastphoto_image* data_weights,
                                                         const fastphoto_smoothing_options* options,
                                                         fastphoto_smoother** smoother);

/* Smooths one stylized image. info may be NULL. */
FASTPHOTO_C_API fastphoto_status fastphoto_smoother_solve(const fastphoto_smoother* smoother,
                                                          const fastphoto_image* stylized,
                                                          const fastphoto_solve_options* options, float* result,
                                                          size_t samples, fastphoto_solver_info* info);
FASTPHOTO_C_API void fastphoto_smoother_free(fastphoto_smoother* smoother);

/* Set-up and one solve. info may be NULL. */
FASTPHOTO_C_API fastphoto_status fastphoto_closed_form_smooth(const fastphoto_image* stylized,
                                                              const fastphoto_image* content,
                                                              const fastphoto_smoothing_options* options, float* result,
                                                              size_t samples, fastphoto_solver_info* info);

FASTPHOTO_C_API fastphoto_status fastphoto_guided_filter(const fastphoto_image* guide, const fastphoto_image* source,
                                                         const fastphoto_guided_filter_options* options, float* result,
                                                         size_t samples);

FASTPHOTO_C_API fastphoto_status fastphoto_local_affine_filter(const fastphoto_image* stylized,
                                                               const fastphoto_image* content,
                                                               const fastphoto_local_affine_options* options,
                                                               float* result, size_t samples);

/* ---- Reports ----------------------------------------------------------------------------------------------------- */

typedef struct fastphoto_report_numbers {
  size_t struct_size;
  double strength;
  double seconds; /* of all stages */
  ptrdiff_t content_height;
  ptrdiff_t content_width;
  ptrdiff_t working_height; /* at which the network saw the content */
  ptrdiff_t working_width;
  size_t label_count;      /* labels that took part */
  size_t kept_label_count; /* labels of the content that kept their look */
  size_t stage_count;
  int has_look_fit; /* 1: the next four fields are known; fastphoto::LookFit explains them */
  double untouched_error;
  double expected_error;
  double fit;
  double applied_strength;
  int solved; /* 1: the fields below are those of closed-form smoothing */
  int iterations;
  int converged;
  int preconditioner;
  double residual;
  double solve_seconds;
  ptrdiff_t smoothing_height; /* at which the photo was smoothed; 0 if it was not */
  ptrdiff_t smoothing_width;
  double smoothing_error; /* mean difference to exact smoothing that is to be expected, 0 .. 1 */
} fastphoto_report_numbers;

FASTPHOTO_C_API fastphoto_status fastphoto_report_numbers_init(fastphoto_report_numbers* numbers, size_t struct_size);

FASTPHOTO_C_API fastphoto_status fastphoto_report_read(const fastphoto_report* report,
                                                       fastphoto_report_numbers* numbers);

/* Texts live as long as the report; those of NULL are NULL. */
FASTPHOTO_C_API const char* fastphoto_report_model(const fastphoto_report* report);
FASTPHOTO_C_API const char* fastphoto_report_model_version(const fastphoto_report* report);
FASTPHOTO_C_API const char* fastphoto_report_smoothing(const fastphoto_report* report); /* "closed-form", ... */
FASTPHOTO_C_API const fastphoto_device* fastphoto_report_device(const fastphoto_report* report);

FASTPHOTO_C_API fastphoto_status fastphoto_report_label(const fastphoto_report* report, size_t index, int64_t* label);
FASTPHOTO_C_API fastphoto_status fastphoto_report_kept_label(const fastphoto_report* report, size_t index,
                                                             int64_t* label);
FASTPHOTO_C_API fastphoto_status fastphoto_report_stage(const fastphoto_report* report, size_t index, const char** name,
                                                        double* seconds);
FASTPHOTO_C_API void fastphoto_report_free(fastphoto_report* report);

#ifdef __cplusplus
}
#endif

#endif
