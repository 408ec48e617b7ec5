"""How many studies, series and instances of each Modality a crawl has, by month.

python docs/examples/crawl.py crawl
"""

import sys

import duckdb

files = f"{sys.argv[1]}/*/*.parquet"
monthly = duckdb.sql(
    """
    SELECT month, Modality, count(DISTINCT StudyInstanceUID) AS studies, count(*) AS series,
        sum(NumberOfSeriesRelatedInstances)::BIGINT AS instances
    FROM read_parquet($files, hive_partitioning = true)
    GROUP BY month, Modality
    ORDER BY month, Modality
    """,
    params={"files": files},
)
print(monthly)
