"""The cases of bench/heads.ts in scikit-learn and the Python package of XGBoost on one thread.

Prints {"fit": seconds, "predict": seconds, "predicted": [...]}; ends with 3 where the library is not installed.
"""
import json
import os
import sys
import time
import warnings

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"


def model_of(head):
    if head == "xgboost":
        import xgboost

        return xgboost.XGBRegressor(n_estimators=500, learning_rate=0.05, max_depth=6, subsample=0.8,
                                    colsample_bytree=0.5, tree_method="hist", n_jobs=1)
    import numpy
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, WhiteKernel
    from sklearn.linear_model import RidgeCV

    if head == "ridge":
        return RidgeCV(alphas=numpy.logspace(-6, 4, 21))
    return GaussianProcessRegressor(ConstantKernel() * RBF() + WhiteKernel(0.1), normalize_y=True)


def main():
    head, rows, cols, test_rows, file = sys.argv[1:]
    rows, cols, test_rows = int(rows), int(cols), int(test_rows)
    warnings.simplefilter("ignore")
    try:
        import numpy

        model, warm = model_of(head), model_of(head)
    except ImportError:
        sys.exit(3)
    values = numpy.fromfile(file)
    x, y, test, _ = numpy.split(values, numpy.cumsum([rows * cols, rows, test_rows * cols]))
    x, test = x.reshape(rows, cols), test.reshape(test_rows, cols)
    warm.fit(x[:14], y[:14])
    start = time.perf_counter()
    model.fit(x, y)
    fit = time.perf_counter() - start
    # The deviation too, as ours gives it.
    predicted = model.predict(test, return_std=True)[0] if head == "gp" else model.predict(test)
    predict = time.perf_counter() - start - fit
    print(json.dumps({"fit": fit, "predict": predict, "predicted": [float(value) for value in predicted]}))


main()
