import os

# Before any backend is imported. Some virtual machines announce AMX tiles and trap their use: oneDNN's bfloat16 kernels
# would then end the whole test run with an illegal instruction.
os.environ.setdefault("ONEDNN_MAX_CPU_ISA", "AVX512_CORE_BF16")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("MPLBACKEND", "Agg")
# Tables as wide as a wide terminal: at 80 columns they would fold the long paths that some tests look for.
os.environ["COLUMNS"] = "200"
