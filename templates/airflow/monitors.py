

def no_row(severity):
    """What a monitor finds is wrong: it fails its task, or is written down if it is only a warning."""

    def handle(cursor):
        if cursor.description is None:
            return None
        rows = cursor.fetchmany(20)
        if rows:
            said = "; ".join(str(row) for row in rows)
            if severity == "error":
                raise ValueError(f"found: {said}")
            logging.getLogger(__name__).warning("found: %s", said)
        return len(rows)

    return handle


class CountMatch(EverySoManyDays):
    """Asks the other system how many rows of a window there are, then whether raw has fewer."""

    template_fields = (*SQLExecuteQueryOperator.template_fields, "other_system")

    def __init__(self, *, other_system, within, until, unit, **kwargs):
        super().__init__(**kwargs)
        self.other_system = other_system
        self.within = within
        self.until = until
        self.unit = unit

    def work(self, context):
        now = datetime.now(timezone.utc)
        start, end = (now - timedelta(seconds=ago) for ago in (self.within, self.until))
        asked = self.put(self.other_system, start, end, {"timestamptz": "TIMESTAMPTZ", "timestamp": "TIMESTAMP"})
        expected = BaseHook.get_connection(SOURCE_CONNECTION).get_hook().get_first(asked)[0]
        self.log.info("the other system has %s rows in [%s, %s)", expected, start, end)
        self.sql = self.put(self.sql, start, end, OWN).replace(":expected", str(int(expected)))
        return super().work(context)

    def put(self, sql, start, end, kinds):
        return sql.replace(":start", self.literal(start, kinds)).replace(":end", self.literal(end, kinds))

    def literal(self, at, kinds):
        if self.unit == "epoch_seconds":
            return str(int(at.timestamp()))
        if self.unit == "epoch_millis":
            return str(int(at.timestamp() * 1000))
        if self.unit == "date":
            return f"DATE '{at:%Y-%m-%d}'"
        zone = "+00" if self.unit == "timestamptz" else ""
        return f"{kinds[self.unit]} '{at:%Y-%m-%d %H:%M:%S}{zone}'"
